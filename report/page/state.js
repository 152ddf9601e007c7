// What the reader chose: one selected row, and the rows that match the filter. Parts of the page listen.
const state = { selected: null, matches: new Uint8Array(rowCount).fill(1) };
const selectionListeners = [];
const matchListeners = [];

function select(row, from) {
    if (row === null || row === state.selected) return;
    state.selected = row;
    for (const listener of selectionListeners) listener(row, from);
    document.getElementById("announce").textContent =
        `Point ${valueOf("index", row)} selected: ${settingsText(row)}; ` +
        raw.objectives.map(({ metric }) => `${titleOf(metric)} ${shown(metric, valueOf(metric, row))}`).join(", ");
}

function setMatches(matches) {
    state.matches = matches;
    for (const listener of matchListeners) listener();
}

/// The done row that is best by a metric among some rows; null where none has it.
function bestRow(metric, rows) {
    const sign = maximized.has(metric) ? -1 : 1;
    let best = null;
    for (const row of rows) {
        const value = valueOf(metric, row);
        if (value === null || !isDone(row)) continue;
        if (best === null || sign * value < sign * valueOf(metric, best)) best = row;
    }
    return best;
}

/// The rows that no other row beats in both metrics, by ascending x. Nothing where a direction is unknown.
function frontOf(x, y, rows) {
    const isMetric = (name) => columnByName.get(name)?.kind === "metric";
    if (!isMetric(x) || !isMetric(y) || x === y) return [];
    const cost = (name, row) => (maximized.has(name) ? -1 : 1) * valueOf(name, row);
    const sorted = rows
        .filter((row) => valueOf(x, row) !== null && valueOf(y, row) !== null)
        .sort((a, b) => cost(x, a) - cost(x, b) || cost(y, a) - cost(y, b));
    const front = [];
    let best = Infinity;
    for (const row of sorted) {
        if (cost(y, row) < best) {
            best = cost(y, row);
            front.push(row);
        }
    }
    return front.sort((a, b) => valueOf(x, a) - valueOf(x, b));
}

const allRows = Array.from({ length: rowCount }, (_, row) => row);
