// Search: all words must be in a row; a row of a mapping also has the addresses in it, and
// the rows under a heading have its words. Frames are found by their owner and by address.
const groups = [...document.querySelectorAll("table.rows")].map((table) => {
  const section = table.closest("article") || table.closest("section");
  const heading = section.querySelector("h2, h3");
  return {
    section, heading: section.matches("article") ? heading.textContent.toLowerCase() : "",
    badge: heading.querySelector(".count"),
    rows: [...table.tBodies[0].rows].map((row) => ({
      row, text: [...row.cells].map((cell) => cell.textContent).join("\t").toLowerCase(),
      range: row.dataset.r ? row.dataset.r.split("-").map((part) => BigInt("0x" + part)) : null,
    })),
  };
});
for (const group of groups) group.all = group.badge.textContent;
const asAddress = (word) => /^0x[0-9a-f]{1,16}$/.test(word) ? BigInt(word) : null;

const search = (query) => {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word);
  const addresses = words.map(asAddress);
  let rowsFound = 0;
  for (const group of groups) {
    let found = 0;
    for (const { row, text, range } of group.rows) {
      const hit = words.every((word, i) => text.includes(word) || group.heading.includes(word) ||
        (range && addresses[i] !== null && addresses[i] >= range[0] && addresses[i] < range[1]));
      row.hidden = !hit;
      found += hit;
    }
    rowsFound += found;
    group.badge.textContent = words.length ? found + " of " + group.all : group.all;
    if (group.section.matches("article")) group.section.hidden = words.length > 0 && !found;
  }
  state.lit = null;
  let framesFound = 0;
  if (words.length) {
    const frames = addresses.map((address) => address === null ? -1 : frameAt(address));
    const owners = data.owners.map((owner) => {
      const group = data.groups[owner.group];
      const text = (ownerText(owner) + "\t" + named(group)).toLowerCase();
      return owner.what !== "" && words.every((word) => text.includes(word));
    });
    const kinds = data.kinds.map((kind) => words.every((word) => kind.name.includes(word)));
    const hit = (i) => owners[run.owner[i]] || kinds[run.kind[i]];
    for (let i = 0; i < run.kind.length; i++) {
      if (hit(i)) framesFound += run.start[i + 1] - run.start[i];
    }
    const exact = frames.filter((frame) => frame >= 0);
    if (!framesFound) framesFound = exact.length;
    state.lit = (i, from, to) => hit(i) || exact.some((frame) => frame >= from && frame < to);
    if (exact.length) {
      state.cursor = exact[0] - exact[0] % data.unit;
      if (state.cursor >= state.to) [state.from, state.to] = [0, total];
    }
  }
  find("found").textContent = words.length
    ? count(rowsFound) + (rowsFound === 1 ? " row, " : " rows, ") +
      count(framesFound) + (framesFound === 1 ? " frame" : " frames")
    : "";
};

// Sorting by a click on a column; trees keep their order.
const key = (cell) => {
  const text = cell.dataset.v || cell.textContent.trim();
  const number = Number(text.replace(/\u202f/g, ""));
  return text !== "" && !Number.isNaN(number) ? number : text.toLowerCase();
};
const compare = (a, b) =>
  typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
for (const table of document.querySelectorAll("table.rows:not(.tree)")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.tabIndex = 0;
    head.setAttribute("aria-sort", "none");
    const sort = () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row) => [key(row.cells[column]), row]);
      rows.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
      body.append(...rows.map(([, row]) => row));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => {
      if (event.key === "Enter") sort();
    });
  });
}

// A link to a row shows it, whatever is searched for; its frames are pointed out.
const goTo = (id) => {
  document.querySelectorAll("tr.here").forEach((row) => row.classList.remove("here"));
  const row = find(id);
  if (!row || row.tagName !== "TR") return;
  row.classList.add("here");
  if (row.hidden || row.closest("[hidden]")) {
    box.value = "";
    search("");
  }
  const koid = Number(row.dataset.k || 0);
  const owned = (i) => {
    const owner = data.owners[run.owner[i]];
    return owner.koid === koid || data.groups[owner.group].koid === koid;
  };
  state.only = -1;
  state.lit = koid && run.owner.some((_, i) => run.owner[i] && owned(i)) ? owned : null;
  refresh();
  row.scrollIntoView({ block: "center" });
};
const box = find("q");
let waiting = 0;
box.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    set("q", box.value);
    search(box.value);
    refresh();
  }, 120);
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input")) {
    event.preventDefault();
    box.focus();
  }
});
const follow = () => {
  const wanted = settings();
  if (location.hash && !location.hash.includes("=")) return goTo(location.hash.slice(1));
  choose(wanted.get("by") || "kind");
  box.value = wanted.get("q") || "";
  search(box.value);
  refresh();
};
addEventListener("hashchange", follow);

document.querySelector(".bar").hidden = false;
find("map").hidden = false;
if (total) {
  overview();
  follow();
  if (location.hash && !location.hash.includes("=")) refresh();
} else find("map").hidden = true;
document.body.dataset.ready = "yes";
document.body.dataset.overflow = Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth);
