// Names, found by any part of them: one plain loop over folded names is faster than any index would load.
const KINDS = [
  ["pypi", "PyPI"],
  ["conda", "conda"],
  ["dep", "external"],
  ["soname", "soname"],
];
const KIND_WORD = new Map(KINDS);
const SHOWN = 50;

// Runs of - _ . are one separator, as PEP 503 has it.
const fold = (text) => text.toLowerCase().replace(/[-_.]+/g, "-");

const searchIndex = lazy(() => {
  const names = new Map([
    ["pypi", projects()],
    ["conda", [...packages().keys()]],
    ["dep", [...externalIds().values()].map(({ id }) => id)],
    ["soname", [...sonames().keys()]],
  ]);
  return new Map([...names].map(([kind, held]) => [kind, { held, folded: held.map(fold) }]));
});

// "conda:numpy" asks for one kind; "dep:…" is what an external id begins with anyway.
function parseQuery(text) {
  const match = /^\s*(pypi|conda|soname):\s*(.*)$/i.exec(text);
  return match ? { kind: match[1].toLowerCase(), wanted: match[2].trim() } : { kind: null, wanted: text.trim() };
}

function rankOf(name, wanted) {
  const at = name.indexOf(wanted);
  if (at < 0) return -1;
  if (at === 0) return name.length === wanted.length ? 0 : 1;
  if (name.endsWith(`/${wanted}`)) return 0;
  return /[-/:]/.test(name[at - 1]) ? 2 : 3;
}

// Exact names and last parts of ids first, then those that begin so, then those that have a word that does; the short ones before the long.
function searchNames(text, chosen) {
  const { kind, wanted } = parseQuery(text);
  const key = fold(wanted);
  const ranks = [[], [], [], []];
  const both = !kind && !chosen; // a project and its package of the same name are found once
  if (key) {
    for (const [each, { held, folded }] of searchIndex()) {
      if ((kind ?? chosen ?? each) !== each) continue;
      for (let place = 0; place < folded.length; place++) {
        const rank = rankOf(folded[place], key);
        if (rank >= 0 && !(both && each === "conda" && twins().has(held[place]))) ranks[rank].push({ kind: each, name: held[place] });
      }
    }
  }
  for (const found of ranks) found.sort((a, b) => a.name.length - b.name.length || byName(a.name, b.name));
  return ranks.flat();
}
