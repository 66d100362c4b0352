// The map of frames. Numbers of frames and indices of runs; addresses are BigInt.
const PAGE = 4096n;
const total = data.pieces.reduce((sum, piece) => sum + piece[1], 0);
const run = { start: [], kind: [], owner: [] };
for (let i = 0, at = 0; i < data.runs.length; i += 3) {
  run.start.push(at);
  run.kind.push(data.runs[i + 1]);
  run.owner.push(data.runs[i + 2]);
  at += data.runs[i];
}
run.start.push(total);
const runAt = (frame) => {
  let low = 0, high = run.kind.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (run.start[middle] <= frame) low = middle;
    else high = middle - 1;
  }
  return low;
};
const addressOf = (frame) => {
  for (const [base, frames] of data.pieces) {
    if (frame < frames) return BigInt(base) + BigInt(frame) * PAGE;
    frame -= frames;
  }
  return 0n;
};
const frameAt = (address) => {
  let before = 0;
  for (const [base, frames] of data.pieces) {
    const inside = address - BigInt(base);
    if (inside >= 0n && inside < BigInt(frames) * PAGE) return before + Number(inside / PAGE);
    before += frames;
  }
  return -1;
};
const hex = (number) => "0x" + number.toString(16);

// The ways to colour the map: what is told apart, and what a run is. The last two colours
// are for what is free; others have no colour of their own.
const FREE = data.kinds.findIndex((kind) => kind.name === "free");
const UNUSED = data.kinds.findIndex((kind) => kind.name === "never used");
const named = (thing) => (thing.koid ? thing.koid + " " : "") + thing.name;
const ownerText = (owner) => owner.what ? owner.what + " " + (named(owner).trim() || "without a koid") : "";
const COLOURS = 8;
const build = (classOf, nameOf, colourOf = (key, i) => i) => {
  const totals = new Map();
  const classes = run.kind.map((kind, i) => {
    const name = kind === FREE ? "free" : kind === UNUSED ? "never used" : classOf(i);
    totals.set(name, (totals.get(name) || 0) + run.start[i + 1] - run.start[i]);
    return name;
  });
  const plain = ["free", "never used"];
  const ranked = [...totals.keys()].filter((name) => !plain.includes(name))
    .sort((a, b) => totals.get(b) - totals.get(a));
  const shown = ranked.length > COLOURS ? ranked.slice(0, COLOURS - 1) : ranked;
  const entries = shown.map((key, i) =>
    ({ name: nameOf(key), colour: "--c" + colourOf(key, i), mark: colourOf(key, i), frames: totals.get(key) }));
  const rest = ranked.slice(shown.length);
  const place = new Map(shown.map((key, i) => [key, i]));
  if (rest.length) {
    rest.forEach((key) => place.set(key, entries.length));
    entries.push({ name: rest.length + " others", colour: "--others", mark: COLOURS,
      frames: rest.reduce((sum, key) => sum + totals.get(key), 0) });
  }
  for (const [key, colour] of [["free", "--free"], ["never used", "--unused"]]) {
    if (!totals.has(key)) continue;
    place.set(key, entries.length);
    entries.push({ name: key, colour, mark: -1, frames: totals.get(key) });
  }
  return { entries, of: classes.map((key) => place.get(key)) };
};
const MODES = {
  kind: () => build((i) => run.kind[i], (kind) => data.kinds[kind].name, (kind) => kind),
  process: () => build(
    (i) => data.owners[run.owner[i]].group,
    (group) => group === 0 ? "kernel" : named(data.groups[group])),
  vmo: () => build((i) => run.owner[i], (owner) => ownerText(data.owners[owner]) || "kernel"),
};

const canvas = find("frames");
const field = find("field");
const state = { by: "kind", from: 0, to: total, cursor: -1, only: -1, lit: null };
const modes = {};
const mode = () => modes[state.by] || (modes[state.by] = MODES[state.by]());

// Rows of cells: a piece of RAM starts a row of its own.
const layout = () => {
  const label = 88;
  const width = Math.max(64, field.clientWidth - label);
  const shown = [];
  let before = 0;
  for (const [, frames] of data.pieces) {
    const from = Math.max(state.from, before), to = Math.min(state.to, before + frames);
    if (from < to) shown.push([from, to]);
    before += frames;
  }
  for (let per = data.unit; ; per *= 2) {
    for (let cell = 14; cell >= 5; cell--) {
      let columns = Math.floor(width / cell);
      if (columns > 16) columns -= columns % 16;
      const rows = [];
      for (const [from, to] of shown) {
        for (let at = from; at < to; at += columns * per) {
          rows.push([at, Math.min(to, at + columns * per)]);
          if (rows.length * cell > 560) break;
        }
      }
      // Something must do in the end: one row for each piece.
      if (rows.length * cell <= 560 || per > total) return { label, per, cell, columns, rows };
    }
  }
};

// What most frames of a cell are; where several are searched for, any of them counts.
const cellAt = (from, to) => {
  const found = new Map();
  const of = mode().of;
  let lit = state.lit === null && state.only < 0;
  for (let i = runAt(from); i < run.kind.length && run.start[i] < to; i++) {
    const frames = Math.min(to, run.start[i + 1]) - Math.max(from, run.start[i]);
    found.set(of[i], (found.get(of[i]) || 0) + frames);
    if (state.only >= 0 ? of[i] === state.only : state.lit && state.lit(i, from, to)) lit = true;
  }
  let best = 0, most = -1;
  for (const [name, frames] of found) if (frames > most) [best, most] = [name, frames];
  return [best, lit];
};

// Shapes beside colours, for whoever cannot tell these apart. They leave the edge free.
const mark = (pen, number, x, y, size) => {
  const third = Math.max(1, Math.floor(size / 3)), middle = Math.floor(size / 2);
  const at = (dx, dy, w, h) => pen.fillRect(x + dx, y + dy, w, h);
  switch (number) {
    case 1: at(middle, 1, 1, size - 2); break;
    case 2: at(1, middle, size - 2, 1); break;
    case 3: for (let i = 1; i < size - 1; i++) at(i, size - 1 - i, 1, 1); break;
    case 4: at(third, third, size - 2 * third, size - 2 * third); break;
    case 5: at(1, size - 2, size - 2, 1); break;
    case 6: at(middle, 1, 1, size - 2); at(1, middle, size - 2, 1); break;
    case 7: at(size - 2, 1, 1, size - 2); break;
    case 8: for (let i = 1; i < size - 1; i++) at(i, i, 1, 1); break;
  }
};

let grid;
const draw = () => {
  grid = layout();
  const { label, per, cell, columns, rows } = grid;
  const scale = window.devicePixelRatio || 1;
  const width = label + columns * cell, height = rows.length * cell;
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.width = width + "px";
  canvas.style.height = height + "px";
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const entries = mode().entries;
  const colours = entries.map((entry) => colour(entry.colour));
  const [ink, soft, back] = [colour("--ink"), colour("--soft"), colour("--back")];
  const size = cell > 5 ? cell - 1 : cell;
  pen.font = "11px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
  pen.textBaseline = "top";
  let free = 0;
  rows.forEach(([from, to], row) => {
    const y = row * cell;
    if (y >= free) {
      pen.globalAlpha = 1;
      pen.fillStyle = soft;
      pen.fillText(hex(addressOf(from)), 0, y, label - 8);
      free = y + Math.max(cell, 56);
    }
    for (let column = 0, at = from; at < to; column++, at += per) {
      const [name, lit] = cellAt(at, Math.min(to, at + per));
      const x = label + column * cell;
      pen.globalAlpha = 1;
      pen.fillStyle = colours[name];
      pen.fillRect(x, y, size, size);
      const shape = entries[name].mark;
      if (shape > 0) {
        pen.globalAlpha = .38;
        pen.fillStyle = "#000";
        mark(pen, shape, x, y, size);
      }
      if (!lit) {
        pen.globalAlpha = .8;
        pen.fillStyle = back;
        pen.fillRect(x, y, size, size);
      }
    }
  });
  pen.globalAlpha = 1;
  if (state.cursor >= 0) {
    const [x, y] = placeOf(state.cursor);
    pen.strokeStyle = ink;
    pen.lineWidth = 2;
    pen.strokeRect(x - 1, y - 1, size + 2, size + 2);
  }
  find("range").textContent = hex(addressOf(state.from)) + " to " +
    hex(addressOf(state.to - 1) + PAGE - 1n) + ", " + percent(state.to - state.from, total) + " of RAM";
  const box = canvas.getBoundingClientRect();
  const facts = {
    label, per, cell, columns, rows: rows.length, from: state.from, to: state.to,
    left: Math.round(box.left + scrollX), top: Math.round(box.top + scrollY),
  };
  for (const name in facts) canvas.dataset[name] = facts[name];
  canvas.setAttribute("aria-label", "Map of " + count(state.to - state.from) + " frames: " +
    entries.map((entry) => entry.name + " " + count(entry.frames)).join(", "));
  find("in").disabled = state.to - state.from <= 64 * data.unit;
  find("out").disabled = find("all").disabled = state.to - state.from === total;
};

const placeOf = (frame) => {
  const { label, per, cell, rows } = grid;
  const row = rows.findIndex(([from, to]) => frame >= from && frame < to);
  if (row < 0) return [-100, -100];
  return [label + Math.floor((frame - rows[row][0]) / per) * cell, row * cell];
};
const frameUnder = (event) => {
  find("range").textContent = hex(addressOf(state.from)) + " to " +
    hex(addressOf(state.to - 1) + PAGE - 1n) + ", " + percent(state.to - state.from, total) + " of RAM";
  const box = canvas.getBoundingClientRect();
  const row = grid.rows[Math.floor((event.clientY - box.top) / grid.cell)];
  const column = Math.floor((event.clientX - box.left - grid.label) / grid.cell);
  if (!row || column < 0) return -1;
  const frame = row[0] + column * grid.per;
  return frame < row[1] ? frame : -1;
};

const link = (koid, text) => {
  if (!koid || !find("k" + koid)) return make("bdi", text);
  const a = make("a");
  a.href = "#k" + koid;
  a.append(make("bdi", text));
  return a;
};
const describe = (frame) => {
  const line = find("cell");
  line.replaceChildren();
  if (frame < 0) {
    const cell = grid.per === 1 ? "a frame of 4 KiB" : count(grid.per) + " frames, drawn as what most of them are";
    line.textContent = "Each cell is " + cell + ". Point at one, or go there with the arrow keys; Enter leads to its owner.";
    return;
  }
  const to = Math.min(frame + grid.per, total);
  let text = hex(addressOf(frame)) + " to " + hex(addressOf(to - 1) + PAGE - 1n);
  const seen = new Set();
  line.append(make("code", text));
  for (let i = runAt(frame); i < run.kind.length && run.start[i] < to; i++) {
    const key = run.kind[i] + "/" + run.owner[i];
    if (seen.has(key)) continue;
    if (seen.size === 4) {
      line.append(" and more");
      break;
    }
    line.append(seen.size ? "; " : " ", make("b", data.kinds[run.kind[i]].name));
    seen.add(key);
    const owner = data.owners[run.owner[i]];
    if (!owner.what) continue;
    line.append(" of ", link(owner.koid, ownerText(owner)));
    const group = data.groups[owner.group];
    if (owner.what === "process") continue;
    line.append(", mapped by ", link(group.koid, named(group)));
  }
};

const legend = () => {
  const list = find("legend");
  list.replaceChildren();
  const style = getComputedStyle(document.documentElement);
  mode().entries.forEach((entry, place) => {
    const button = make("button");
    button.type = "button";
    button.setAttribute("aria-pressed", state.only === place);
    button.title = "Show where";
    const swatch = make("canvas");
    swatch.width = swatch.height = 14;
    const pen = swatch.getContext("2d");
    const colour = style.getPropertyValue(entry.colour).trim();
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 14, 14);
    pen.globalAlpha = .38;
    pen.fillStyle = "#000";
    mark(pen, entry.mark, 0, 0, 14);
    button.dataset.colour = colour;
    button.dataset.frames = entry.frames;
    button.append(swatch, make("bdi", entry.name),
      make("small", count(entry.frames) + " · " + percent(entry.frames, total)));
    button.addEventListener("click", () => {
      state.only = state.only === place ? -1 : place;
      refresh();
      find("legend").children[place].firstChild.focus();
    });
    const item = make("li");
    item.append(button);
    list.append(item);
  });
};
const refresh = () => {
  legend();
  draw();
  describe(state.cursor);
};
// Of a guest that has used little of its RAM, that part is what there is to see.
const overview = () => {
  const used = Math.ceil(usedEnd() / 64) * 64;
  [state.from, state.to] = [0, settings().get("show") === "all" || used > total / 2 ? total : used];
};
const show = (from, to) => {
  state.from = Math.max(0, Math.min(from, total - 1));
  state.to = Math.max(state.from + 1, Math.min(to, total));
  if (state.cursor < state.from || state.cursor >= state.to) state.cursor = -1;
  draw();
  describe(state.cursor);
};
const zoom = (factor) => {
  const middle = state.cursor >= 0 ? state.cursor : Math.floor((state.from + state.to) / 2);
  const half = Math.max(32 * data.unit, Math.ceil((state.to - state.from) * factor / 2));
  let from = middle - half, to = middle + half;
  if (from < 0) [from, to] = [0, to - from];
  if (to > total) [from, to] = [from - (to - total), total];
  show(from - from % data.unit, to);
};
const usedEnd = () => {
  let end = total;
  for (let i = run.kind.length - 1; i >= 0 && run.kind[i] === UNUSED; i--) end = run.start[i];
  return Math.max(1, end);
};

canvas.addEventListener("pointermove", (event) => describe(frameUnder(event)));
canvas.addEventListener("pointerleave", () => describe(state.cursor));
canvas.addEventListener("click", (event) => {
  state.cursor = frameUnder(event);
  draw();
  describe(state.cursor);
});
canvas.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns }[event.key];
  if (step) {
    const next = state.cursor < 0 ? state.from : state.cursor + step * grid.per;
    if (next >= state.from && next < state.to) state.cursor = next;
    draw();
    describe(state.cursor);
  } else if (event.key === "+" || event.key === "=") zoom(.5);
  else if (event.key === "-") zoom(2);
  else if (event.key === "Enter" && find("cell").querySelector("a")) find("cell").querySelector("a").click();
  else if (event.key === "Escape") { state.cursor = -1; draw(); describe(-1); }
  else return;
  event.preventDefault();
});
find("in").addEventListener("click", () => zoom(.5));
find("out").addEventListener("click", () => zoom(2));
find("all").addEventListener("click", () => show(0, total));
find("used").addEventListener("click", () => show(0, Math.ceil(usedEnd() / 64) * 64));
const choose = (by) => {
  if (!MODES[by]) return;
  state.by = by;
  state.only = -1;
  document.querySelector("input[name=by][value=" + by + "]").checked = true;
};
document.querySelectorAll("input[name=by]").forEach((input) => input.addEventListener("change", () => {
  choose(input.value);
  set("by", input.value === "kind" ? "" : input.value);
  refresh();
}));
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
