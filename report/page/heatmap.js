// The layers of a point, or one figure of the layers along the front: a table whose cells are coloured by their size.
const heat = document.getElementById("heat");
const heatMode = document.getElementById("heat-mode");
const [opPlace, cyclesPlace, macsPlace, operationsPlace, dramPlace, busyPlace, idlePlace] = [0, 1, 2, 3, 4, 5, 6];
const causeTitles = {
    fill_drain: "fill and drain",
    bank_conflict: "bank conflicts",
    nothing: "nothing to do",
    vector_unit: "vector unit",
};

function layerFigures(row) {
    const detail = layersOfRow.get(row);
    const chip = chipOf(row);
    const pes = chip.array.rows * chip.array.columns;
    return detail.layers.map((layer, i) => ({
        name: detail.names[i],
        op: layer[opPlace],
        cycles: layer[cyclesPlace],
        macs: layer[macsPlace],
        operations: layer[operationsPlace],
        utilization: layer[cyclesPlace] > 0 ? layer[operationsPlace] / (pes * layer[cyclesPlace]) : 0,
        energy_pj: detail.energy[i],
        dram_bytes: layer[dramPlace],
        busy: layer[busyPlace],
        idle: layer.slice(idlePlace),
    }));
}

function heatCell(name, value, amount) {
    const cell = element("td", {}, shown(name, value));
    cell.style.setProperty("--amount", Number.isFinite(amount) ? amount.toFixed(3) : 0);
    return cell;
}

function layerHead(titles) {
    return element(
        "thead",
        {},
        element(
            "tr",
            {},
            ...titles.map(({ text, hint }, place) =>
                element("th", { scope: "col", title: hint, class: place < 2 ? "text" : null }, text),
            ),
        ),
    );
}

const rowHead = (layer) => [
    element("th", { scope: "row" }, layer.name),
    element("td", { class: "text" }, layer.op.replaceAll("_", " ")),
];

function showFigures(row) {
    const layers = layerFigures(row);
    const causes = raw.detail.causes
        .map((cause, place) => ({ cause, place }))
        .filter(({ place }) => layers.some((layer) => layer.idle[place] > 0));
    const share = (cycles, layer) => (layer.cycles > 0 ? cycles / layer.cycles : 0);
    const figures = [
        { title: "cycles", name: "cycles", of: (layer) => layer.cycles },
        { title: "MACs", name: "macs", of: (layer) => layer.macs },
        { title: "utilization", name: "utilization", of: (layer) => layer.utilization, most: 1 },
        { title: "energy", name: "energy_pj", of: (layer) => layer.energy_pj },
        { title: "DRAM bytes", name: "dram_bytes", of: (layer) => layer.dram_bytes },
        { title: "array busy", name: "utilization", of: (layer) => share(layer.busy, layer), most: 1 },
        ...causes.map(({ cause, place }) => ({
            title: `waits: ${causeTitles[cause] ?? cause.replaceAll("_", " ")}`,
            name: "utilization",
            of: (layer) => share(layer.idle[place], layer),
            most: 1,
        })),
    ];
    for (const figure of figures) figure.most ??= Math.max(...layers.map(figure.of));
    const total = (name) =>
        shown(
            name,
            layers.reduce((sum, layer) => sum + layer[name], 0),
        );
    heat.replaceChildren(
        layerHead([{ text: "layer" }, { text: "operation" }, ...figures.map(({ title }) => ({ text: title }))]),
        element(
            "tbody",
            {},
            ...layers.map((layer) =>
                element(
                    "tr",
                    {},
                    ...rowHead(layer),
                    ...figures.map(({ name, of, most }) => heatCell(name, of(layer), of(layer) / most)),
                ),
            ),
        ),
        element(
            "tfoot",
            {},
            element(
                "tr",
                {},
                element("th", { scope: "row" }, "sum"),
                element("td"),
                ...figures.map(({ name, title }, place) =>
                    element("td", {}, place < 5 && title !== "utilization" ? total(name) : ""),
                ),
            ),
        ),
    );
}

/// Points of the sweep's front with the same layers as the selected one, by ascending energy, and that one.
function comparedRows(row) {
    const most = 16;
    const names = layersOfRow.get(row).names;
    const rows = raw.front
        .filter((other) => layersOfRow.get(other)?.names === names)
        .sort((a, b) => valueOf("energy_pj", a) - valueOf("energy_pj", b));
    const even =
        rows.length <= most ? rows : Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]);
    return even.includes(row) ? even : [row, ...even];
}

function showComparison(row, name) {
    const rows = comparedRows(row);
    const figures = rows.map(layerFigures);
    const most = Math.max(...figures.flat().map((layer) => layer[name]));
    heat.replaceChildren(
        layerHead([
            { text: "layer" },
            { text: "operation" },
            ...rows.map((other) => ({
                text: `${valueOf("index", other)} (${valueOf("bits", other) ?? "?"} bits)`,
                hint: settingsText(other),
            })),
        ]),
        element(
            "tbody",
            {},
            ...figures[0].map((layer, i) =>
                element(
                    "tr",
                    {},
                    ...rowHead(layer),
                    ...figures.map((layers) => heatCell(name, layers[i][name], layers[i][name] / most)),
                ),
            ),
        ),
    );
}

function heatNote(row) {
    if (!isDone(row)) return "The selected point has no result.";
    if (!layersOfRow.has(row)) {
        return (
            "The page holds the layers of the front's points and of 200 others, not of this one; its command gives " +
            "them (--layers)."
        );
    }
    if (heatMode.value !== "figures") {
        return (
            "Columns are the selected point and those of the sweep's Pareto front (at most 16) by their numbers; the " +
            "darkest cell is the largest of the table."
        );
    }
    return (
        `Point ${valueOf("index", row)}: ${settingsText(row)}. The darkest cell is the largest of its column; shares ` +
        "are of the layer's cycles."
    );
}

function showHeat() {
    const row = state.selected;
    if (row === null) return;
    document.getElementById("heat-note").textContent = heatNote(row);
    if (!layersOfRow.has(row)) heat.replaceChildren();
    else if (heatMode.value !== "figures") showComparison(row, heatMode.value);
    else showFigures(row);
}
heatMode.addEventListener("change", showHeat);
selectionListeners.push(showHeat);
