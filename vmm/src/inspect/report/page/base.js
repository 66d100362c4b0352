// What goes wrong is said on the page: nobody reads a console.
addEventListener("error", (event) => {
  let box = document.getElementById("failed");
  if (!box) {
    box = document.createElement("p");
    box.id = "failed";
    document.body.prepend(box);
  }
  box.textContent = "The page's script failed: " + event.message;
});

const find = (id) => document.getElementById(id);
const make = (name, text) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  return element;
};
const data = JSON.parse(find("data").textContent);
const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const percent = (part, whole) => (whole ? (Math.floor(1000 * part / whole) / 10).toFixed(1) : "0.0") + " %";

// The part of the address behind #: either one word, a place on the page, or settings such
// as q=stack&by=process.
const settings = () => {
  const text = location.hash.slice(1);
  return new URLSearchParams(text.includes("=") ? text : "");
};
const set = (name, value) => {
  const now = settings();
  if (value) now.set(name, value);
  else now.delete(name);
  history.replaceState(null, "", "#" + now);
};
