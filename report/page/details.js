// The selected point in full.
function figureList(names, row) {
    return element(
        "dl",
        {},
        ...names.flatMap((name) => [
            element("dt", {}, titleOf(name)),
            element("dd", {}, shown(name, valueOf(name, row))),
        ]),
    );
}

function commandParts(row) {
    const command = commandOf(row);
    const chip = chipOf(row);
    const parts = [];
    if (command !== null) {
        const copy = element(
            "button",
            { type: "button", class: "controls", onclick: (event) => copyText(command, event.currentTarget) },
            "Copy",
        );
        parts.push(
            element("h3", {}, "Command"),
            element("pre", { id: "command" }, element("code", {}, commandOf(row, " \\\n    "))),
            copy,
        );
    } else if (chip !== null) {
        parts.push(
            element(
                "p",
                { class: "note" },
                `The sweep's chip ${raw.sweep.arch} was not found, so that no command can be told from it; this is the point's own chip:`,
            ),
        );
    }
    if (chip !== null) {
        const text = JSON.stringify(chip, null, 2);
        const copy = element(
            "button",
            { type: "button", class: "controls", onclick: (event) => copyText(text, event.currentTarget) },
            "Copy",
        );
        parts.push(
            element(
                "details",
                { open: command === null },
                element("summary", {}, "The chip as a file"),
                element("pre", { id: "chip" }, element("code", {}, text)),
                copy,
            ),
        );
    }
    return parts;
}

function showDetails(row) {
    const status = valueOf("status", row);
    const main = [
        "top1",
        "fp32_top1",
        "energy_pj",
        "latency_ms",
        "area_mm2",
        "inferences_per_s",
        "utilization",
        "dram_bytes",
        "edp_mj_ms",
        "cycles",
        "macs",
    ].filter((name) => columnByName.has(name) && valueOf(name, row) !== null);
    const settings = ["network", ...fieldColumns.map(({ name }) => name)].filter((name) => valueOf(name, row) !== null);
    const body = [
        element(
            "p",
            {},
            element("strong", {}, `Point ${valueOf("index", row)}`),
            onFront[row] ? ", on the Pareto front" : "",
            status === "done" ? "" : `: ${status}`,
        ),
    ];
    if (valueOf("reason", row)) body.push(element("p", {}, valueOf("reason", row)));
    body.push(figureList(settings, row), figureList(main, row), ...commandParts(row));
    document.getElementById("details-body").replaceChildren(...body);
}
selectionListeners.push(showDetails);
