// Operations a second over operations per DRAM byte of the selected point's layers, under the chip's roofs.
function rooflineOf(row) {
    const chip = chipOf(row);
    const hertz = chip.clock_mhz * 1e6;
    const layers = layerFigures(row).filter((layer) => layer.operations > 0 && layer.dram_bytes > 0);
    return {
        peak: chip.array.rows * chip.array.columns * hertz,
        bandwidth: chip.dram.ideal ? Infinity : chip.dram.bandwidth_gb_s * 1e9,
        points: layers.map((layer) => ({
            x: layer.operations / layer.dram_bytes,
            y: (layer.operations / layer.cycles) * hertz,
            name: layer.name,
            op: layer.op,
        })),
    };
}

const roofline = makeChart(
    "roofline",
    {
        type: "scatter",
        data: { datasets: [] },
        options: {
            maintainAspectRatio: false,
            parsing: false,
            animation: false,
            interaction: { mode: "nearest", intersect: true },
            layout: { padding: { right: 12, top: 4 } },
            scales: {},
            elements: { point: { hitRadius: 5 } },
            plugins: {
                legend: { position: "bottom", labels: { usePointStyle: true, boxWidth: 10 } },
                tooltip: {
                    filter: (item) => item.raw.name !== undefined,
                    callbacks: {
                        label: ({ raw: point }) =>
                            `${point.name}: ${si(point.y, "operations/s")}, ${digits(point.x, 3)} operations per byte`,
                    },
                },
            },
        },
    },
    drawRoofline,
);

function roofDatasets({ peak, bandwidth, points }) {
    const ridge = peak / bandwidth;
    const xs = [...points.map((point) => point.x), ...(ridge > 0 ? [ridge] : [])];
    const low = Math.min(...xs) / 1.5;
    const high = Math.max(...xs) * 1.5;
    const line = {
        type: "line",
        pointRadius: 0,
        pointHitRadius: 0,
        pointStyle: "line",
        borderWidth: 2,
        borderColor: themed("--ink"),
        backgroundColor: themed("--ink"),
    };
    const from = Math.max(low, Math.min(ridge, high));
    const roofs = [
        {
            ...line,
            label: `compute: ${si(peak, "operations/s")}`,
            data: [
                { x: ridge > 0 ? from : low, y: peak },
                { x: high, y: peak },
            ],
        },
    ];
    if (ridge > 0) {
        roofs.push({
            ...line,
            borderDash: [6, 4],
            label: `DRAM: ${si(bandwidth, "B/s")}`,
            data: [
                { x: low, y: low * bandwidth },
                { x: ridge, y: peak },
            ],
        });
    }
    return roofs;
}

function drawRoofline() {
    const row = state.selected;
    const note = document.getElementById("roofline-note");
    if (row === null || !layersOfRow.has(row)) {
        roofline.data.datasets = [];
        roofline.update("none");
        note.textContent = "The page does not hold the layers of the selected point.";
        return;
    }
    const found = rooflineOf(row);
    const ops = [...new Set(found.points.map(({ op }) => op))];
    const marks = ops.map((op, place) => ({
        label: op.replaceAll("_", " "),
        data: found.points.filter((point) => point.op === op),
        pointStyle: shapeAt(place),
        pointRadius: 5,
        backgroundColor: colourAt(place),
        borderColor: colourAt(place),
    }));
    roofline.data.datasets = [...marks, ...(found.points.length > 0 ? roofDatasets(found) : [])];
    const placed = roofline.data.datasets.flatMap((dataset) => dataset.data);
    const range = (name) =>
        paddedRange(
            placed.map((point) => point[name]),
            true,
        );
    roofline.options.scales = {
        x: { ...axis("PE operations per DRAM byte", true, (value) => digits(value, 3)), ...range("x") },
        y: { ...axis("PE operations/s", true, (value) => si(value, "").trim()), ...range("y") },
    };
    roofline.options.plugins.legend.labels.color = themed("--ink");
    roofline.update("none");
    const all = layersOfRow.get(row).layers.length;
    roofline.canvas.setAttribute(
        "aria-label",
        `Roofline of ${found.points.length} layers of point ${valueOf("index", row)}`,
    );
    note.textContent =
        `Point ${valueOf("index", row)}: ${settingsText(row)}. A PE operation is a MAC, or one of the passes of a MAC that is wider than the PE.` +
        (all > found.points.length
            ? ` ${all - found.points.length} of ${all} layers do none or move nothing, and have no place here.`
            : "") +
        (Number.isFinite(found.bandwidth) ? "" : " The DRAM is ideal: no bandwidth roof.");
}
selectionListeners.push(drawRoofline);
