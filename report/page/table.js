// All points, a page at a time.
const pageRows = 100;
const pointsTable = document.getElementById("points");
const sorting = { name: "index", descending: false };
let orderedRows = [];
let page = 0;

function tableColumns() {
    const main = ["top1", "energy_pj", "latency_ms", "area_mm2", "utilization", "edp_mj_ms"];
    const isShown = document.getElementById("all-columns").checked
        ? () => true
        : ({ name, kind }) =>
              main.includes(name) ||
              kind === "field" ||
              name === "index" ||
              (name === "network" && hasManyNetworks) ||
              raw.objectives.some(({ metric }) => metric === name) ||
              (hasFailures && (name === "status" || name === "reason"));
    const found = columns.filter((column) => column.kind !== "flag" && isShown(column));
    return [...found.filter(({ name }) => name !== "reason"), ...found.filter(({ name }) => name === "reason")];
}
const hasFailures = allRows.some((row) => !isDone(row));

function orderRows() {
    const { values } = columnByName.get(sorting.name);
    const sign = sorting.descending ? -1 : 1;
    orderedRows = allRows
        .filter((row) => state.matches[row])
        .sort((a, b) => {
            if (values[a] === null || values[b] === null) return (values[a] === null) - (values[b] === null) || a - b;
            const [left, right] =
                typeof values[a] === "object"
                    ? [JSON.stringify(values[a]), JSON.stringify(values[b])]
                    : [values[a], values[b]];
            return (left < right ? -sign : left > right ? sign : 0) || a - b;
        });
}

function tableHead(shownColumns) {
    const cells = shownColumns.map(({ name, numeric }) => {
        const isSorted = sorting.name === name;
        const arrow = isSorted ? (sorting.descending ? " ▼" : " ▲") : "";
        const sort = element(
            "button",
            { type: "button", "data-sort": name, onclick: () => sortBy(name) },
            titleOf(name) + arrow,
            element("code", {}, name),
        );
        return element(
            "th",
            {
                scope: "col",
                class: numeric ? null : "text",
                "aria-sort": isSorted ? (sorting.descending ? "descending" : "ascending") : null,
            },
            sort,
        );
    });
    return element(
        "thead",
        {},
        element("tr", {}, ...cells, element("th", { scope: "col", class: "command" }, "command")),
    );
}

function tableRow(row, shownColumns) {
    const cells = shownColumns.map(({ name, numeric, values }) =>
        element(
            "td",
            {
                class: name === "reason" ? "text reason" : numeric ? null : "text",
                title: name === "reason" ? values[row] : null,
            },
            shown(name, values[row]),
        ),
    );
    const copy =
        raw.has_chip[row] && raw.reference_is_base
            ? [
                  element(
                      "button",
                      {
                          type: "button",
                          tabindex: -1,
                          "aria-label": `Copy the command of point ${valueOf("index", row)}`,
                          onclick: (event) => copyText(commandOf(row), event.currentTarget),
                      },
                      "Copy",
                  ),
              ]
            : [];
    return element(
        "tr",
        { "data-row": row, tabindex: -1, "aria-current": row === state.selected ? "true" : null },
        ...cells,
        element("td", { class: "command" }, ...copy),
    );
}

function showTable() {
    const shownColumns = tableColumns();
    const pages = Math.max(1, Math.ceil(orderedRows.length / pageRows));
    page = Math.max(0, Math.min(page, pages - 1));
    const rows = orderedRows.slice(page * pageRows, (page + 1) * pageRows);
    const body = element("tbody", {}, ...rows.map((row) => tableRow(row, shownColumns)));
    const first = body.querySelector('[aria-current="true"]') ?? body.firstElementChild;
    if (first) first.tabIndex = 0;
    pointsTable.replaceChildren(tableHead(shownColumns), body);
    document.getElementById("match-count").textContent =
        `${orderedRows.length.toLocaleString("en-US")} of ${rowCount.toLocaleString("en-US")} points`;
    document.getElementById("page-place").textContent = `page ${page + 1} of ${pages}`;
    document.getElementById("page-back").disabled = page === 0;
    document.getElementById("page-on").disabled = page === pages - 1;
}

function sortBy(name) {
    sorting.descending = sorting.name === name ? !sorting.descending : maximized.has(name);
    sorting.name = name;
    orderRows();
    page = 0;
    showTable();
    pointsTable.querySelector(`[data-sort="${CSS.escape(name)}"]`)?.focus();
}

function turnPage(step) {
    page += step;
    showTable();
}

selectionListeners.push((row, from) => {
    const place = orderedRows.indexOf(row);
    if (place >= 0 && from !== "table") page = Math.floor(place / pageRows);
    showTable();
    if (from === "table") pointsTable.querySelector(`[data-row="${row}"]`)?.focus();
});
matchListeners.push(() => {
    orderRows();
    page = 0;
    showTable();
});
document.getElementById("all-columns").addEventListener("change", showTable);
document.getElementById("page-back").addEventListener("click", () => turnPage(-1));
document.getElementById("page-on").addEventListener("click", () => turnPage(1));
pointsTable.addEventListener("click", (event) => {
    const line = event.target.closest("tr[data-row]");
    if (line && !event.target.closest("button")) select(Number(line.dataset.row), "table");
});
pointsTable.addEventListener("keydown", (event) => {
    const line = event.target.closest("tr[data-row]");
    if (!line) return;
    const next = { ArrowDown: line.nextElementSibling, ArrowUp: line.previousElementSibling }[event.key];
    if (next) {
        event.preventDefault();
        line.tabIndex = -1;
        next.tabIndex = 0;
        next.focus();
    } else if (event.target === line && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        select(Number(line.dataset.row), "table");
    }
});
