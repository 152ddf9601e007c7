// What the trade-off chart shows: points in groups of one colour and shape.
const choice = { x: "energy_pj", y: "latency_ms", colour: "bits", logX: true, logY: false, frontOfEach: false };

const labelled = (name, value) =>
    name === "bits" ? `${value} bits` : name === "network" ? value : `${titleOf(name)} ${shown(name, value)}`;

/// At most seven groups: the values themselves, or ranges that hold equally many points.
function groupsBy(name, rows) {
    const column = columnByName.get(name);
    const distinct = [...new Set(rows.map((row) => column.values[row]))].filter((value) => value !== null);
    distinct.sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1));
    if (distinct.length <= shapes.length) {
        return distinct.map((value) => ({ label: labelled(name, value), has: (other) => other === value }));
    }
    if (!column.numeric) {
        const own = distinct.slice(0, shapes.length - 1);
        return [
            ...own.map((value) => ({ label: String(shown(name, value)), has: (other) => other === value })),
            { label: "others", has: (other) => !own.includes(other) },
        ];
    }
    const count = 5;
    const sorted = rows
        .map((row) => column.values[row])
        .filter((value) => value !== null)
        .sort((a, b) => a - b);
    const bounds = Array.from(
        { length: count + 1 },
        (_, i) => sorted[Math.min(sorted.length - 1, Math.floor((i * sorted.length) / count))],
    );
    return bounds
        .slice(0, count)
        .map((low, i) => {
            const high = bounds[i + 1];
            const isLast = i === count - 1;
            return {
                label: `${titleOf(name)} ${shown(name, low)} to ${shown(name, high)}`,
                has: (value) => value !== null && value >= low && (isLast ? value <= high : value < high),
            };
        })
        .filter((group, i) => i === count - 1 || bounds[i] < bounds[i + 1]);
}

/// A place can be shown: both values are there, and above 0 where the axis is logarithmic.
function hasPlace(row) {
    const x = valueOf(choice.x, row);
    const y = valueOf(choice.y, row);
    return typeof x === "number" && typeof y === "number" && (!choice.logX || x > 0) && (!choice.logY || y > 0);
}

const placeOf = (row) => ({ x: valueOf(choice.x, row), y: valueOf(choice.y, row), row });

/// The fronts of the two axes among the points that match: one, or one for each colour. The lines join them, and the
/// arrow keys go along them.
function shownFronts() {
    const rows = allRows.filter((row) => state.matches[row] && isDone(row) && hasPlace(row));
    if (!choice.frontOfEach) return [frontOf(choice.x, choice.y, rows)];
    return groupsBy(choice.colour, rows).map((group) =>
        frontOf(
            choice.x,
            choice.y,
            rows.filter((row) => group.has(valueOf(choice.colour, row))),
        ),
    );
}

/// The front that the selected point is on, else the first one; the sweep's where the axes give none worth a walk.
function walkedFront() {
    const fronts = shownFronts().filter((front) => front.length > 1);
    return fronts.find((front) => front.includes(state.selected)) ?? fronts[0] ?? raw.front;
}

function pointDatasets(rows, groups, front) {
    const inFront = new Set(front);
    const datasets = [];
    groups.forEach((group, place) => {
        const own = rows.filter((row) => state.matches[row] && group.has(valueOf(choice.colour, row)));
        const look = {
            backgroundColor: colourAt(place),
            borderColor: colourAt(place),
            pointStyle: shapeAt(place),
            group: group.label,
        };
        const isLine = ["crossRot", "star", "cross"].includes(shapeAt(place));
        datasets.push({
            ...look,
            label: group.label,
            data: own.filter((row) => !inFront.has(row)).map(placeOf),
            pointRadius: rows.length > 2000 ? 2.5 : rows.length > 300 ? 4 : 5,
            pointBorderWidth: isLine ? 1.5 : 0,
            order: 3,
        });
        datasets.push({
            ...look,
            label: group.label,
            data: own.filter((row) => inFront.has(row)).map(placeOf),
            pointRadius: 7,
            pointBorderWidth: isLine ? 2.5 : 1.5,
            borderColor: isLine ? colourAt(place) : themed("--ink"),
            order: 2,
            onFront: true,
        });
    });
    return datasets;
}

function scatterDatasets() {
    const rows = allRows.filter((row) => isDone(row) && hasPlace(row));
    const fronts = shownFronts();
    const lines = fronts.map((front) => ({
        label: "front",
        type: "line",
        data: front.map(placeOf),
        pointRadius: 0,
        pointHitRadius: 0,
        borderWidth: 1.5,
        borderColor: themed("--quiet"),
        backgroundColor: themed("--quiet"),
        order: 4,
        front: true,
    }));
    const dimmed = rows.filter((row) => !state.matches[row]).map(placeOf);
    const grey = {
        label: "left out by the filter",
        data: dimmed,
        pointRadius: 2,
        pointBorderWidth: 0,
        backgroundColor: themed("--line"),
        pointStyle: "circle",
        order: 5,
        dimmed: true,
    };
    const ring = {
        label: "selected",
        data: ringPlaces(),
        pointRadius: 12,
        pointBorderWidth: 3,
        borderColor: themed("--accent"),
        backgroundColor: "transparent",
        pointStyle: "circle",
        order: 1,
        ring: true,
        pointHitRadius: 0,
    };
    return [ring, ...lines, ...pointDatasets(rows, groupsBy(choice.colour, rows), fronts.flat()), grey];
}

function ringPlaces() {
    const row = state.selected;
    return row !== null && isDone(row) && hasPlace(row) ? [placeOf(row)] : [];
}
