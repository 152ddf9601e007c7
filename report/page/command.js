// A point's chip, and the command that simulates it.
const optionsOfRow = decoded(raw.options);
const changeColumns = raw.changes.map((column) => ({ pointer: column.name, values: decoded(column) }));

function changesOf(row) {
    return changeColumns
        .filter((column) => column.values[row] !== null)
        .map((column) => [column.pointer, column.values[row]]);
}

/// The resolved chip; null where none could be made.
function chipOf(row) {
    if (!raw.has_chip[row]) return null;
    const chip = JSON.parse(JSON.stringify(raw.reference));
    for (const [pointer, value] of changesOf(row)) {
        const keys = pointer
            .split("/")
            .slice(1)
            .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
        const last = keys.pop();
        let inner = chip;
        for (const key of keys) inner = inner[key];
        inner[last] = value;
    }
    chip.name = `${raw.sweep.name}, point ${valueOf("index", row)}`;
    chip.description = settingsText(row);
    return chip;
}

/// For a POSIX shell.
function quoted(word) {
    return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/// Null where the page does not know the chip that the sweep is based on. `between` stands before each --set.
function commandOf(row, between = " ") {
    if (!raw.has_chip[row] || !raw.reference_is_base) return null;
    const begin = ["npusim", "--arch", raw.sweep.arch, "--model", valueOf("network", row)].map(quoted).join(" ");
    return [
        begin,
        ...changesOf(row).map(([pointer, value]) => `--set ${quoted(`${pointer}=${JSON.stringify(value)}`)}`),
        ...optionsOfRow[row].map(quoted),
    ].join(between);
}

async function copyText(text, button) {
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        const field = element("textarea", {});
        field.value = text;
        document.body.append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
    }
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => {
        button.textContent = before;
    }, 1200);
}
