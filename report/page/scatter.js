// The trade-off chart: its axes, tooltip, selection and keys.
const tip = document.getElementById("tip");
const numericNames = columns
    .filter((column) => column.numeric && column.kind !== "flag" && column.values.some((value) => value !== null))
    .map((column) => column.name);
const hasAccuracy = columnByName.get("top1")?.values.some((value) => value !== null) ?? false;

function startingAxes() {
    choice.x = numericNames.includes("energy_pj") ? "energy_pj" : numericNames[0];
    const other = raw.objectives
        .map(({ metric }) => metric)
        .find((metric) => metric !== choice.x && metric !== "area_mm2");
    choice.y = hasAccuracy ? "top1" : (other ?? "latency_ms");
    choice.logY = !hasAccuracy;
    // Without accuracies fewer bits are always better, and one front would hold the fewest only.
    choice.frontOfEach = !hasAccuracy;
}
startingAxes();

function tipLines(row) {
    const names = [
        ...new Set([
            choice.x,
            choice.y,
            ...raw.objectives.map(({ metric }) => metric),
            "latency_ms",
            "energy_pj",
            "area_mm2",
        ]),
    ];
    const lines = names
        .filter((name) => columnByName.get(name)?.kind === "metric")
        .map((name) => `${titleOf(name)}: ${shown(name, valueOf(name, row))}`);
    return onFront[row] ? [...lines, "on the Pareto front"] : lines;
}

function showTip({ chart, tooltip }) {
    const points = tooltip.opacity === 0 ? [] : (tooltip.dataPoints ?? []);
    if (points.length === 0) {
        tip.hidden = true;
        return;
    }
    const rows = [...new Set(points.map((point) => point.raw.row))];
    tip.replaceChildren(
        element("strong", {}, `Point ${valueOf("index", rows[0])}: ${settingsText(rows[0])}`),
        ...tipLines(rows[0]).map((line) => element("div", {}, line)),
    );
    if (rows.length > 1) tip.append(element("div", {}, `and ${rows.length - 1} more at this place`));
    tip.hidden = false;
    const left =
        tooltip.caretX + tip.offsetWidth + 16 > chart.width
            ? tooltip.caretX - tip.offsetWidth - 12
            : tooltip.caretX + 12;
    tip.style.left = `${Math.max(0, Math.min(left, chart.width - tip.offsetWidth))}px`;
    tip.style.top = `${Math.max(0, Math.min(tooltip.caretY - 20, chart.height - tip.offsetHeight))}px`;
}

function scatterAxis(name, logarithmic) {
    const better =
        columnByName.get(name).kind === "metric" ? (maximized.has(name) ? ", more is better" : ", less is better") : "";
    return axis(titleOf(name) + better, logarithmic, (value) => shown(name, value));
}

function legendLabels(chart) {
    const own = chart.data.datasets
        .map((dataset, datasetIndex) => ({ dataset, datasetIndex }))
        .filter(({ dataset }) => dataset.group && !dataset.onFront);
    const labels = own.map(({ dataset, datasetIndex }) => ({
        text: dataset.label,
        datasetIndex,
        fillStyle: dataset.backgroundColor,
        strokeStyle: dataset.backgroundColor,
        lineWidth: 1.5,
        pointStyle: dataset.pointStyle,
        fontColor: themed("--ink"),
        hidden: !chart.isDatasetVisible(datasetIndex),
    }));
    const front = chart.data.datasets.findIndex((dataset) => dataset.front && dataset.data.length > 1);
    if (front >= 0) {
        labels.push({
            text: "front of these axes",
            datasetIndex: front,
            fillStyle: themed("--quiet"),
            strokeStyle: themed("--quiet"),
            lineWidth: 2,
            pointStyle: "line",
            fontColor: themed("--ink"),
        });
    }
    return labels;
}

function toggleGroup(_, item, legend) {
    const chart = legend.chart;
    const group = chart.data.datasets[item.datasetIndex].group;
    if (group === undefined) return;
    const isVisible = chart.isDatasetVisible(item.datasetIndex);
    chart.data.datasets.forEach((dataset, i) => {
        if (dataset.group === group) chart.setDatasetVisibility(i, !isVisible);
    });
    chart.update("none");
}

const scatter = makeChart(
    "tradeoff",
    {
        type: "scatter",
        data: { datasets: [] },
        options: {
            maintainAspectRatio: false,
            parsing: false,
            normalized: true,
            animation: false,
            pointHitRadius: 5,
            layout: { padding: { right: 12, top: 4 } },
            interaction: { mode: "nearest", intersect: true },
            scales: { x: scatterAxis(choice.x, choice.logX), y: scatterAxis(choice.y, choice.logY) },
            elements: { point: { hitRadius: 5, hoverRadius: 9 }, line: { tension: 0 } },
            plugins: {
                legend: {
                    position: "bottom",
                    labels: { usePointStyle: true, boxWidth: 10, generateLabels: legendLabels },
                    onClick: toggleGroup,
                },
                tooltip: {
                    enabled: false,
                    external: showTip,
                    filter: (item) => item.raw?.row !== undefined && !item.dataset.ring && !item.dataset.front,
                },
            },
            onClick(event, _, chart) {
                const rows = chart
                    .getElementsAtEventForMode(event, "nearest", { intersect: true }, false)
                    .map(({ datasetIndex, index }) => chart.data.datasets[datasetIndex].data[index].row);
                // Points at one place are selected one after the other.
                if (rows.length > 0) select(rows[(rows.indexOf(state.selected) + 1) % rows.length], "chart");
            },
        },
    },
    redrawScatter,
);

function redrawScatter() {
    const kept = ["x", "y"].map((name) => [name, scatter.options.scales[name].min, scatter.options.scales[name].max]);
    scatter.options.scales.x = scatterAxis(choice.x, choice.logX);
    scatter.options.scales.y = scatterAxis(choice.y, choice.logY);
    for (const [name, min, max] of kept) {
        Object.assign(scatter.options.scales[name], min === undefined ? wholeRange(name) : { min, max });
    }
    scatter.data.datasets = scatterDatasets();
    scatter.update("none");
    describeScatter();
}

function describeScatter() {
    const lines = scatter.data.datasets.filter((dataset) => dataset.front);
    const front = lines.reduce((sum, { data }) => sum + data.length, 0);
    const rows = allRows.filter(isDone);
    const placeless = rows.filter((row) => !hasPlace(row)).length;
    const what = `${titleOf(choice.y)} over ${titleOf(choice.x)} of ${rows.length - placeless} points`;
    scatter.canvas.setAttribute("aria-label", `${what}, ${front} of them on the front of these axes`);
    const notes = [];
    if (front > 0) {
        const among = choice.frontOfEach
            ? "a front of these two axes among points of one colour"
            : "the front of these two axes";
        notes.push(`${front} ${front === 1 ? "point is" : "points are"} on ${among}: large marks, joined by a line.`);
    }
    if (placeless > 0) {
        notes.push(
            `${placeless} ${placeless === 1 ? "point has" : "points have"} no place here: a value is missing, or not ` +
                "above 0 on a logarithmic axis.",
        );
    }
    document.getElementById("tradeoff-note").textContent = notes.join(" ");
}

function wholeRange(name) {
    const rows = allRows.filter((row) => isDone(row) && hasPlace(row));
    return paddedRange(
        rows.map((row) => valueOf(choice[name], row)),
        choice[name === "x" ? "logX" : "logY"],
    );
}

/// Only the ring moves.
function moveRing() {
    scatter.data.datasets[0].data = ringPlaces();
    scatter.update("none");
}

const zoomReset = document.getElementById("zoom-reset");
const resetZoom = addZoom(scatter, document.getElementById("zoom-box"), wholeRange, (isZoomed) => {
    zoomReset.disabled = !isZoomed;
});
zoomReset.addEventListener("click", resetZoom);
selectionListeners.push(moveRing);
matchListeners.push(redrawScatter);

scatter.canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (event.key === "Enter") document.getElementById("details").focus();
    if (step === undefined) return;
    event.preventDefault();
    const front = walkedFront();
    if (front.length === 0) return;
    const at = front.indexOf(state.selected);
    select(front[at < 0 ? 0 : Math.max(0, Math.min(front.length - 1, at + step))], "keys");
});

function fillAxisChoices() {
    const option = (name) => element("option", { value: name }, titleOf(name));
    for (const [id, key] of [
        ["axis-x", "x"],
        ["axis-y", "y"],
    ]) {
        const field = document.getElementById(id);
        field.append(...numericNames.map(option));
        field.value = choice[key];
        field.addEventListener("change", () => {
            choice[key] = field.value;
            redrawScatter();
            resetZoom();
        });
    }
    for (const [id, key] of [
        ["log-x", "logX"],
        ["log-y", "logY"],
    ]) {
        const field = document.getElementById(id);
        field.checked = choice[key];
        field.addEventListener("change", () => {
            choice[key] = field.checked;
            redrawScatter();
            resetZoom();
        });
    }
    const each = document.getElementById("front-of-each");
    each.checked = choice.frontOfEach;
    each.addEventListener("change", () => {
        choice.frontOfEach = each.checked;
        redrawScatter();
    });
    const colour = document.getElementById("axis-colour");
    colour.append(
        ...columns.filter(({ name }) => !["reason", "status"].includes(name)).map(({ name }) => option(name)),
    );
    colour.value = choice.colour;
    colour.addEventListener("change", () => {
        choice.colour = colour.value;
        redrawScatter();
    });
}
fillAxisChoices();
