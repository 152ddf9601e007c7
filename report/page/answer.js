// The answer in a few buttons: the best point by each objective, and the cheapest one that is nearly as accurate.
function answers() {
    const done = allRows.filter(isDone);
    const found = [];
    const words = {
        energy_pj: "Least energy",
        latency_ms: "Fastest",
        area_mm2: "Smallest",
        top1: "Most accurate",
        edp_mj_ms: "Least energy × latency",
        inferences_per_s: "Fastest",
    };
    for (const { metric } of raw.objectives) {
        // Among equals the one with the least energy, else the first.
        const best = bestRow(metric, done);
        if (best === null) continue;
        const equals = done.filter((row) => valueOf(metric, row) === valueOf(metric, best));
        const title = words[metric] ?? `${maximized.has(metric) ? "Most" : "Least"} ${titleOf(metric)}`;
        found.push([title, bestRow("energy_pj", equals) ?? best, metric]);
    }
    if (hasAccuracy) {
        found.unshift(["Least energy within 1 % (absolute) of the best top-1", raw.chosen, "energy_pj"]);
    }
    return found;
}

function showAnswers() {
    const names = raw.objectives.map(({ metric }) => titleOf(metric)).join(", ");
    const found = answers();
    const line =
        found.length === 0
            ? "No point has a result yet."
            : `Pareto front by ${names}: ${raw.front.length} of ${rowCount} points are not beaten in everything by another.`;
    const buttons = found.map(([title, row, metric]) => {
        const others = ["top1", "energy_pj", "latency_ms"].filter(
            (name) => name !== metric && columnByName.has(name) && valueOf(name, row) !== null,
        );
        return element(
            "button",
            { type: "button", "data-answer": row, onclick: () => select(row, "answer") },
            title,
            element("strong", {}, shown(metric, valueOf(metric, row))),
            element("span", {}, settingsText(row)),
            element("span", {}, others.map((name) => `${titleOf(name)} ${shown(name, valueOf(name, row))}`).join(", ")),
        );
    });
    document
        .getElementById("answer")
        .replaceChildren(element("div", { class: "answers" }, ...buttons), element("p", {}, line));
}
