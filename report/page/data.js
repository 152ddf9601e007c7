// The data block as columns with a value for each row.
const raw = JSON.parse(document.getElementById("data").textContent);

function decoded(column) {
    return column.values ?? column.codes.map((code) => (code < 0 ? null : column.set[code]));
}

const columns = raw.columns.map((column) => ({ name: column.name, kind: column.kind, values: decoded(column) }));
const rowCount = columns[0].values.length;
const onFront = new Uint8Array(rowCount);
for (const row of raw.front) onFront[row] = 1;
columns.push({ name: "front", kind: "flag", values: Array.from(onFront) });

const columnByName = new Map(columns.map((column) => [column.name, column]));
for (const column of columns)
    column.numeric = column.values.every((value) => value === null || typeof value === "number");

function valueOf(name, row) {
    const column = columnByName.get(name);
    return column ? column.values[row] : null;
}

const isDone = (row) => valueOf("status", row) === "done";
const fieldColumns = columns.filter((column) => column.kind === "field");
const metricColumns = columns.filter((column) => column.kind === "metric");
const hasManyNetworks = new Set(columnByName.get("network").values).size > 1;

/// Layers of the points that have them: row → {names, layers, energy_pj}.
const layersOfRow = new Map(
    raw.detail.points.map(([row, names, layers, energy]) => [
        row,
        { names: raw.detail.names[names], layers: layers.map((place) => raw.detail.layers[place]), energy },
    ]),
);

const groupOfRow = new Map();
for (const [rows, fits] of raw.groups) {
    for (const row of rows) groupOfRow.set(row, { rows, fits: new Map(raw.fitted.map((name, i) => [name, fits[i]])) });
}

const maximized = new Set(["top1", "fp32_top1", "utilization", "inferences_per_s"]);
for (const objective of raw.objectives) {
    if (objective.maximize) maximized.add(objective.metric);
    else maximized.delete(objective.metric);
}
