// Nodes are made here only, and text becomes text nodes only: nothing of the tables is ever read as HTML.
const SVG = "http://www.w3.org/2000/svg";
const numbers = new Intl.NumberFormat("en-US");

function element(namespace, tag, attributes, children) {
  const node = namespace ? document.createElementNS(namespace, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
}

const h = (tag, attributes, ...children) => element(null, tag, attributes, children);
const s = (tag, attributes, ...children) => element(SVG, tag, attributes, children);

const count = (number) => numbers.format(number);
const plural = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;
const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "0 %");

// Slashes stay readable; what else means something in an address is escaped.
const escapePath = (text) => text.split("/").map(encodeURIComponent).join("/");
const address = (kind, name) => `#${kind}/${escapePath(kind === "dep" ? name.replace(/^dep:/, "") : name)}`;

function byName(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lazy(make) {
  let made;
  return () => (made ??= make());
}

const list = (value) => (Array.isArray(value) ? value : value === undefined || value === null || value === "" ? [] : [value]);
