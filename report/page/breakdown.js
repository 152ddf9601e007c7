// Energy and area by component over the bits, with the fitted exponents.
const precisionChoice = document.getElementById("precision-points");

/// The rows whose bars are shown, by descending bits.
function rowsByPrecision(selected) {
    if (precisionChoice.value === "group") return groupOfRow.get(selected)?.rows ?? [selected];
    const arrayColumns = fieldColumns.filter(({ name }) => ["/array/rows", "/array/columns"].includes(name));
    const alike = allRows.filter(
        (row) =>
            isDone(row) &&
            valueOf("network", row) === valueOf("network", selected) &&
            (precisionChoice.value === "any" || arrayColumns.every(({ values }) => values[row] === values[selected])),
    );
    const bits = [...new Set(alike.map((row) => valueOf("bits", row)))]
        .filter((value) => value !== null)
        .sort((a, b) => b - a);
    return bits.map((wanted) =>
        bestRow(
            "energy_pj",
            alike.filter((row) => valueOf("bits", row) === wanted),
        ),
    );
}

/// "energy_array_pj" and so on; the total comes last, "on chip" before it where there is one.
function componentsOf(kind) {
    const unit = kind === "energy" ? "_pj" : "_mm2";
    const total = kind + unit;
    const onChip = `${kind}_on_chip${unit}`;
    const parts = raw.fitted.filter((name) => name.startsWith(kind + "_") && name !== total && name !== onChip);
    return { parts, sums: [onChip, total].filter((name) => columnByName.has(name)), unit };
}

const componentTitle = (name, kind) =>
    name
        .slice(kind.length + 1)
        .replace(/_?(pj|mm2)$/, "")
        .replaceAll("_", " ")
        .replace("dram", "DRAM") || "total";

/// `rows` are those of the bars, whichever they are at the time.
function barOptions(rows, total) {
    return {
        maintainAspectRatio: false,
        animation: false,
        scales: {},
        plugins: {
            legend: { position: "bottom", labels: { boxWidth: 12 } },
            tooltip: {
                callbacks: {
                    title: ([item]) => `Point ${valueOf("index", rows[item.dataIndex])}, ${item.label}`,
                    label: (item) => `${item.dataset.label}: ${shown(total, item.raw)}`,
                },
            },
        },
        onClick: (_, elements) => {
            if (elements.length > 0) select(rows[elements[0].index], "bars");
        },
    };
}

function makeBreakdown(kind) {
    const { parts, sums } = componentsOf(kind);
    const total = sums.at(-1);
    const rows = [];
    const empty = { type: "bar", data: { labels: [], datasets: [] }, options: barOptions(rows, total) };
    const chart = makeChart(kind, empty, draw);

    function draw() {
        if (state.selected === null) return;
        rows.splice(0, rows.length, ...(isDone(state.selected) ? rowsByPrecision(state.selected) : []));
        chart.data.labels = rows.map((row) => `${valueOf("bits", row) ?? "?"} bits`);
        chart.data.datasets = parts.map((name, place) => ({
            label: componentTitle(name, kind),
            data: rows.map((row) => valueOf(name, row)),
            backgroundColor: colourAt(place),
            borderColor: themed("--panel"),
            borderWidth: 1,
        }));
        chart.options.scales = {
            x: {
                ...axis("", false, (value) => chart.data.labels[value] ?? ""),
                type: "category",
                stacked: true,
                ticks: { color: themed("--quiet"), autoSkip: false, maxRotation: 60 },
                afterBuildTicks: undefined,
            },
            y: { ...axis(kind, false, (value) => shown(total, value)), stacked: true, beginAtZero: true },
        };
        chart.options.plugins.legend.labels.color = themed("--ink");
        chart.update("none");
        chart.canvas.setAttribute(
            "aria-label",
            `${kind} by component for ${chart.data.labels.join(", ")}; the table below holds the figures`,
        );
        fillTable(kind, rows);
    }
    return draw;
}

function fitCells(name, group) {
    const fit = group?.fits.get(name);
    if (fit) return [fit[0].toFixed(2), fit[1].toFixed(3)];
    const isAbsent = group && group.rows.every((row) => !valueOf(name, row));
    return [isAbsent ? "none" : "not fitted", ""];
}

function fillTable(kind, rows) {
    const { parts, sums } = componentsOf(kind);
    const group = groupOfRow.get(state.selected);
    const line = (name) =>
        element(
            "tr",
            {},
            element("th", { scope: "row" }, componentTitle(name, kind)),
            ...fitCells(name, group).map((text) => element("td", {}, text)),
            ...rows.map((row) => element("td", {}, shown(name, valueOf(name, row), 3).replace(" mm²", ""))),
        );
    const head = ["component", "exponent", "R²", ...rows.map((row) => `${valueOf("bits", row) ?? "?"} bits`)];
    document
        .getElementById(`${kind}-table`)
        .replaceChildren(
            element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
            element("tbody", {}, ...parts.map(line)),
            element("tfoot", {}, ...sums.map(line)),
        );
}

const drawBreakdowns = ["energy", "area"].map(makeBreakdown);
function precisionNote(row) {
    if (!isDone(row)) return "The selected point has no result.";
    const group = groupOfRow.get(row);
    const bits = [...new Set(group?.rows.map((other) => valueOf("bits", other)) ?? [])];
    if (bits.length < 3) {
        return (
            `Exponents are not fitted: the sweep has ${bits.length} precision${bits.length === 1 ? "" : "s"} ` +
            "of this point with all else equal, and a fit needs three."
        );
    }
    return (
        "Exponent: energy or area grows with bits to this power, fitted by least squares of the logarithms over the " +
        `${group.rows.length} points that are equal in all other settings (${bits.join(", ")} bits). ` +
        "A multiplier alone would have 2."
    );
}

function showBreakdown() {
    if (state.selected === null) return;
    for (const draw of drawBreakdowns) draw();
    document.getElementById("precision-note").textContent = precisionNote(state.selected);
}
precisionChoice.addEventListener("change", showBreakdown);
selectionListeners.push(showBreakdown);
