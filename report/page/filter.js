// The filter: words that must all fit a row.
const comparisons = {
    "<": (a, b) => a < b,
    "<=": (a, b) => a <= b,
    ">": (a, b) => a > b,
    ">=": (a, b) => a >= b,
    "=": (a, b) => a === b,
    "!=": (a, b) => a !== b,
};

/// A column by its name or by an end of it that no other has: "rows" for "/array/rows".
function findColumn(word) {
    const exact = columnByName.get(word) ?? columnByName.get("/" + word.replaceAll(".", "/"));
    if (exact) return exact;
    const ends = columns.filter((column) => column.name.endsWith("/" + word.replaceAll(".", "/")));
    if (ends.length === 1) return ends[0];
    const hint =
        ends.length > 1
            ? `there are ${ends.map((column) => column.name).join(", ")}`
            : "the table's columns show their names; tick “all columns” for the others";
    throw new Error(`No one column is called “${word}”: ${hint}.`);
}

function comparison(word, sign, text) {
    const column = findColumn(word);
    const compare = comparisons[sign];
    if (column.numeric) {
        const wanted = Number(text);
        if (Number.isNaN(wanted)) throw new Error(`“${text}” is no number, which “${column.name}” is compared with.`);
        return (row) => column.values[row] !== null && compare(column.values[row], wanted);
    }
    if (sign !== "=" && sign !== "!=") throw new Error(`“${column.name}” holds words: = and != compare them.`);
    const wanted = text.toLowerCase();
    return (row) => compare(shown(column.name, column.values[row]).toLowerCase(), wanted);
}

let textOfRow = null;
function textsOfRows() {
    const texts = columns.filter((column) => column.kind === "text" || (column.kind === "field" && !column.numeric));
    return allRows.map((row) =>
        texts
            .map((column) => shown(column.name, column.values[row]))
            .join("\n")
            .toLowerCase(),
    );
}

function containing(word) {
    textOfRow ??= textsOfRows();
    const wanted = word.toLowerCase();
    return (row) => textOfRow[row].includes(wanted);
}

/// Throws an Error for people. A comparison that is not typed to its end is left out.
function matchesOf(text) {
    const tests = [];
    const unfinished = /^[^\s<>=!]+\s*(<=|>=|!=|<|>|=|!)$/;
    for (const [whole, word, sign, value] of text.matchAll(/([^\s<>=!]+)\s*(<=|>=|!=|<|>|=)\s*([^\s<>=!]+)|\S+/g)) {
        if (word !== undefined) tests.push(comparison(word, sign, value));
        else if (!unfinished.test(whole)) tests.push(containing(whole));
    }
    const matches = new Uint8Array(rowCount);
    for (let row = 0; row < rowCount; ++row) matches[row] = tests.every((test) => test(row)) ? 1 : 0;
    return matches;
}

const filterField = document.getElementById("filter");
filterField.addEventListener("input", () => {
    const error = document.getElementById("filter-error");
    try {
        setMatches(matchesOf(filterField.value));
        error.textContent = "";
        filterField.removeAttribute("aria-invalid");
    } catch (problem) {
        error.textContent = problem.message;
        filterField.setAttribute("aria-invalid", "true");
    }
});
document.getElementById("filter-form").addEventListener("submit", (event) => event.preventDefault());
