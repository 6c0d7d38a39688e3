// The tables, decoded when they are first asked for.
const raw = JSON.parse(document.getElementById("data").textContent);
const CHANNEL = raw.channel;
const CONFIDENCE_OF = new Map(raw.words.confidences.map(([name, level]) => [level, name]));
const CODE = /^([a-z]+)(\d+)$/;

const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);
const documentRows = (name) => own(raw.documents, name) ?? [];
const isMissing = (name) => (own(raw.documents, name) ?? null) === null;

function decodeLine(line) {
  const [pypi, conda = "", code = "", others = ""] = line.split("\t");
  const alternatives = others ? others.split(" ") : [];
  if (code === "?") return { pypi, conda: conda || null, relation: null, alternatives };
  const [, relation, level] = CODE.exec(code || "dist4");
  const role = raw.words.relations[relation].role;
  return { pypi, conda: relation === "none" ? null : conda || pypi, relation, confidence: Number(level), role, alternatives };
}

function decodeLayer(layer) {
  const rows = new Map();
  for (const line of layer.plain ? layer.plain.split("\n") : []) {
    const row = decodeLine(line);
    rows.set(row.pypi, row);
  }
  for (const [pypi, row] of Object.entries(layer.rich)) rows.set(pypi, { conda: null, relation: null, alternatives: [], ...row, pypi });
  return { name: layer.name, channel: layer.channel, rows };
}

const layers = lazy(() => raw.layers.map(decodeLayer));
const mainLayers = lazy(() => layers().filter((layer) => layer.channel === CHANNEL));
const rivals = lazy(() => new Map(Object.entries(raw.rivals)));
const projects = lazy(() => [...new Set(layers().flatMap((layer) => [...layer.rows.keys()]))].sort(byName));
const projectSet = lazy(() => new Set(projects()));
const packages = lazy(() => {
  const found = new Map();
  for (const [channel, names] of Object.entries(raw.packages)) {
    for (const name of names ? names.split("\n") : []) {
      if (found.has(name)) found.get(name).push(channel);
      else found.set(name, [channel]);
    }
  }
  return found;
});

// What the tables say of a project: the first layer that speaks of it decides, as in a solve.
function answerFor(project) {
  for (const layer of mainLayers()) {
    const row = layer.rows.get(project);
    if (!row) continue;
    const rival = own(rivals().get(project) ?? {}, layer.name);
    if (row.relation && !rival) return { row, layer: layer.name };
    return { row, layer: layer.name, rival, candidates: [...(row.conda ? [row.conda] : []), ...row.alternatives] };
  }
  return null;
}

const answers = lazy(() => projects().map((name) => [name, answerFor(name)]).filter(([, answer]) => answer));
// projects that are the conda package of their own name: one line among results
const twins = lazy(() => new Set(answers().filter(([name, { row, candidates }]) => !candidates && row.role === "identity" && row.conda === name).map(([name]) => name)));
const ambiguous = lazy(() => answers().filter(([, answer]) => answer.candidates));

// The package that a MatchSpec names.
function packageOf(spec) {
  const match = /^(?:[^\s:[]+::)?([A-Za-z0-9_.-]+)/.exec(String(spec));
  return match ? match[1].toLowerCase() : "";
}

function addTo(index, name, value) {
  if (!name) return;
  const held = index.get(name);
  if (held) held.push(value);
  else index.set(name, [value]);
}

// conda package -> how rows of the name tables speak of it
const mentions = lazy(() => {
  const index = new Map();
  for (const [project, answer] of answers()) {
    const { row } = answer;
    if (answer.candidates) for (const name of new Set(answer.candidates)) addTo(index, name, { how: "candidate", project, answer });
    else if (row.conda) addTo(index, row.conda, { how: row.role, project, answer });
    for (const spec of row.specs ?? []) if (packageOf(spec) !== row.conda) addTo(index, packageOf(spec), { how: "spec", project, answer });
    for (const name of row.not ?? []) addTo(index, name, { how: "rejected", project, answer });
  }
  return index;
});

function externalSpecs(row) {
  return list(row.alternatives).flatMap((one) => ["build", "host", "run"].flatMap((part) => list(one[part])));
}

// conda package -> rows of the other tables that install it
const uses = lazy(() => {
  const index = new Map();
  const add = (table, row, specs) => {
    for (const name of new Set(specs.map(packageOf))) addTo(index, name, { table, row });
  };
  for (const row of documentRows("external")) add("external", row, externalSpecs(row));
  for (const row of documentRows("wheels")) add("wheels", row, [...list(row.depends), ...list(row.one_of)]);
  for (const row of documentRows("sonames")) add("sonames", row, [...list(row.conda), ...list(row.specs)]);
  for (const row of documentRows("runtimes")) add("runtimes", row, list(row.conda));
  for (const row of documentRows("bundlers")) add("bundlers", row, list(row.conda));
  return index;
});

// id, in lower case -> the row that maps it, and what the registry has of it
const externalIds = lazy(() => {
  const found = new Map();
  const hold = (row, part) => {
    const id = String(row.id ?? "");
    const held = found.get(id.toLowerCase()) ?? { id, rows: [] };
    if (part === "registry") held.registry = row;
    else held.rows.push(row);
    found.set(id.toLowerCase(), held);
  };
  for (const row of documentRows("external")) hold(row, "external");
  for (const row of documentRows("registry")) hold(row, "registry");
  return new Map([...found].sort(([a], [b]) => byName(a, b)));
});

const sonames = lazy(() => {
  const found = new Map();
  for (const row of documentRows("sonames")) addTo(found, String(row.soname), row);
  return new Map([...found].sort(([a], [b]) => byName(a, b)));
});

// table -> its files, each with key -> what happened to the row, the oldest change first
const histories = lazy(() => {
  const found = new Map();
  for (const entry of raw.history.tables) {
    const events = new Map();
    for (const [commit, date, subject, ...keys] of entry.changes) {
      keys.forEach((names, place) => {
        const what = ["added", "changed", "removed"][place];
        for (const name of names ? names.split("\n") : []) addTo(events, name, { what, commit, date, subject });
      });
    }
    addTo(found, entry.table, { file: entry.file, first: entry.first, events });
  }
  return found;
});

// What happened to a row, the newest change first: one list for each file that has it or had it.
function historyOf(table, key, isThere) {
  const found = [];
  for (const { file, first, events } of histories().get(table) ?? []) {
    const known = events.get(key) ?? [];
    if (!known.length && !isThere) continue;
    const fromStart = !known.length || known[0].what !== "added";
    const [commit, date, subject] = first;
    const start = fromStart ? [{ what: "first", commit, date, subject }] : [];
    found.push({ file, events: [...start, ...known].reverse() });
  }
  return found;
}
