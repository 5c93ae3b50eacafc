// The gallery of a batch. SKIES (skies.js) lists what was made: {exr, job}, in the order of the shot list.
// The page opens from disk, where a script may be loaded but a picture's pixels may not be read. So each panorama is a
// script as well, which hands its picture to receivePanorama().
"use strict";

const byId = (id) => document.getElementById(id);
const KEY = "skyloom favourites of " + location.pathname;
const favourites = new Set(storedFavourites());
let shown = null;  // the card in the viewer
let panorama = null;  // the viewer of its picture
const cards = SKIES.map(makeCard);

function makeCard(sky, order) {
  const card = document.createElement("figure");
  const open = element("button", "open");
  const image = document.createElement("img");
  image.loading = "lazy";
  image.decoding = "async";
  image.src = picture(sky, ".jpg");
  image.alt = sky.job.prompt;
  open.append(image);
  open.addEventListener("click", () => show(card));
  const star = element("button", "star");
  star.title = "Favourite";
  star.addEventListener("click", () => toggleFavourite(card));
  const caption = document.createElement("figcaption");
  caption.append(element("span", "prompt", sky.job.prompt), element("span", "seed", sky.job.seed));
  card.append(open, star, caption);
  card.title = sky.job.prompt;
  Object.assign(card, { sky, order, star, words: `${sky.job.prompt} ${sky.job.seed} ${sky.job.model}`.toLowerCase() });
  drawStar(card);
  return card;
}

function element(name, kind, text = "") {
  const made = document.createElement(name);
  made.className = kind;
  made.textContent = text;
  return made;
}

function path(name) {
  return name.split("/").map(encodeURIComponent).join("/");
}

function picture(sky, suffix) {
  return "gallery/pictures/" + path(sky.exr.replace(/\.exr$/i, suffix));
}

// Filter and sort

function arrange() {
  const key = byId("sort").value;
  const value = (card) => (key === "order" ? card.order : card.sky.job[key]);
  const { compare: compareText } = new Intl.Collator();
  const compare = (a, b) => (typeof a === "string" ? compareText(a, b) : a - b);
  byId("skies").append(...cards.sort((a, b) => compare(value(a), value(b)) || a.order - b.order));
  filter();
}

function filter() {
  const words = byId("filter").value.toLowerCase().split(/\s+/);
  const only = byId("only-favourites").checked;
  for (const card of cards) {
    card.hidden = !words.every((word) => card.words.includes(word)) || (only && !favourites.has(card.sky.exr));
  }
  byId("count").textContent = `${visible().length} of ${cards.length}`;
}

function visible() {
  return cards.filter((card) => !card.hidden);
}

// Favourites

function storedFavourites() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || [];
  } catch (problem) {
    console.info("No favourites can be read from this browser:", problem);  // it keeps nothing for pages from disk
    return [];
  }
}

function toggleFavourite(card) {
  const { exr } = card.sky;
  if (!favourites.delete(exr)) favourites.add(exr);
  try {
    localStorage.setItem(KEY, JSON.stringify([...favourites]));
  } catch (problem) {
    console.info("This browser does not keep favourites:", problem);
  }
  drawStar(card);
  if (byId("only-favourites").checked) filter();
}

function drawStar(card) {
  const pressed = favourites.has(card.sky.exr);
  card.star.setAttribute("aria-pressed", pressed);
  if (card === shown) byId("favourite").setAttribute("aria-pressed", pressed);
  byId("export").disabled = !favourites.size;
}

function exportFavourites() {
  const shots = SKIES.filter((sky) => favourites.has(sky.exr)).map(shotTable);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([shots.join("\n")], { type: "application/toml" }));
  link.download = "favourites.toml";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function shotTable(sky) {
  const output = sky.exr.replace(/[{}]/g, "$&$&");  // a single brace begins a field of an output pattern
  return ["[[shot]]", ...tomlEntries({ ...sky.job, output }), ""].join("\n");
}

// What is null is left out, as TOML has no such value.
function tomlEntries(table) {
  const given = Object.entries(table).filter(([, value]) => value !== null);
  return given.map(([name, value]) => `${name} = ${toml(value)}`);
}

function toml(value) {
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  return typeof value === "object" ? `{ ${tomlEntries(value).join(", ")} }` : JSON.stringify(value);
}

// The viewer

function show(card) {
  close();
  shown = card;
  const { exr, job } = card.sky;
  byId("title").textContent = job.prompt;
  byId("file").textContent = exr;
  byId("file").href = path(exr);
  byId("settings").replaceChildren(...Object.entries(job).filter(([, value]) => value !== null && value !== "").map(row));
  drawStar(card);
  byId("viewer").showModal();
  const script = document.createElement("script");
  script.src = picture(card.sky, ".js");
  script.onload = () => script.remove();
  script.onerror = () => { byId("panorama").textContent = "The picture is missing. Run the batch again."; };
  document.head.append(script);
}

function row([name, value]) {
  const line = document.createElement("tr");
  line.append(element("th", "", name), element("td", "", typeof value === "object" ? JSON.stringify(value) : value));
  return line;
}

function receivePanorama(exr, url) {
  if (!shown || shown.sky.exr !== exr) return;  // the user has gone on meanwhile
  panorama = pannellum.viewer("panorama", {
    type: "equirectangular", panorama: url, autoLoad: true, hfov: 90, minHfov: 20, keyboardZoom: true,
  });
}

function step(by) {
  const among = visible();
  show(among[(among.indexOf(shown) + by + among.length) % among.length]);
}

function close() {
  if (panorama) panorama.destroy();
  panorama = shown = null;
  byId("panorama").replaceChildren();
  byId("viewer").close();
}

byId("filter").addEventListener("input", filter);
byId("sort").addEventListener("change", arrange);
byId("only-favourites").addEventListener("change", filter);
byId("export").addEventListener("click", exportFavourites);
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
byId("favourite").addEventListener("click", () => toggleFavourite(shown));
byId("close").addEventListener("click", close);
byId("viewer").addEventListener("cancel", (event) => { event.preventDefault(); close(); });  // Esc
arrange();
