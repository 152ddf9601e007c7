// Pictures of the charts, and the filtered table as CSV.
function download(name, address) {
    const link = element("a", { href: address, download: name });
    document.body.append(link);
    link.click();
    link.remove();
}

for (const button of document.querySelectorAll("[data-save]")) {
    const id = button.dataset.save;
    button.addEventListener("click", () =>
        download(`${raw.sweep.name}_${id}.png`, charts.get(id).chart.toBase64Image("image/png")),
    );
}

/// RFC 4180.
function csvText() {
    const field = (value) => {
        if (value === null) return "";
        const text = typeof value === "object" ? JSON.stringify(value) : String(value);
        return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const own = columns.filter(({ kind }) => kind !== "flag");
    const lines = [[...own.map(({ name }) => name), "command"].map(field).join(",")];
    for (const row of orderedRows)
        lines.push([...own.map(({ values }) => values[row]), commandOf(row)].map(field).join(","));
    return lines.join("\r\n") + "\r\n";
}

document.getElementById("save-csv").addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([csvText()], { type: "text/csv" }));
    download(`${raw.sweep.name}.csv`, address);
    setTimeout(() => URL.revokeObjectURL(address), 10000);
});
