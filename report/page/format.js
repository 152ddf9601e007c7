// Values and names as people read them.
function digits(value, significant = 4) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e6) return value.toLocaleString("en-US");
    if (size >= 1e6 || size < 1e-4) return value.toExponential(significant - 1);
    return String(Number(value.toPrecision(significant)));
}

function si(value, unit, significant = 4) {
    const prefixes = [
        [1e15, "P"],
        [1e12, "T"],
        [1e9, "G"],
        [1e6, "M"],
        [1e3, "k"],
        [1, ""],
        [1e-3, "m"],
        [1e-6, "µ"],
        [1e-9, "n"],
        [1e-12, "p"],
    ];
    if (value === 0) return "0 " + unit;
    const [factor, prefix] = prefixes.find(([size]) => Math.abs(value) >= size * 0.99999) ?? prefixes.at(-1);
    return `${Number((value / factor).toPrecision(significant))} ${prefix}${unit}`;
}

function binaryBytes(value) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let place = 0;
    while (value >= 1024 && place < units.length - 1) {
        value /= 1024;
        ++place;
    }
    return `${Number(value.toPrecision(4))} ${units[place]}`;
}

const percent = (value) => `${Number((value * 100).toPrecision(4))} %`;

/// By the unit that a name ends in.
const notations = [
    [/_mj_ms$/, (value) => `${digits(value)} mJ ms`],
    [/_pj$/, (value, significant) => si(value * 1e-12, "J", significant)],
    [/_ms$/, (value, significant) => si(value * 1e-3, "s", significant)],
    [/_mm2$/, (value, significant) => `${digits(value, significant)} mm²`],
    [/_bytes$/, binaryBytes],
    [/top1$|^utilization$/, percent],
    [/\/kib$/, (value) => `${digits(value)} KiB`],
    [/_gb_s$/, (value) => `${digits(value)} GB/s`],
    [/_mhz$/, (value) => `${digits(value)} MHz`],
    [/_ns$/, (value) => `${digits(value)} ns`],
    [/^cycles$/, (value) => value.toLocaleString("en-US")],
    [/^macs$/, (value) => si(value, "").trim()],
];

function shown(name, value, significant = 4) {
    if (value === null || value === undefined) return "–";
    if (typeof value !== "number") return typeof value === "object" ? JSON.stringify(value) : String(value);
    const notation = notations.find(([pattern]) => pattern.test(name));
    return notation ? notation[1](value, significant) : digits(value, significant);
}

const metricTitles = {
    top1: "top-1",
    fp32_top1: "top-1 in fp32",
    macs: "MACs",
    dram_bytes: "DRAM bytes",
    edp_mj_ms: "energy × latency",
    inferences_per_s: "inferences/s",
    energy_on_chip_pj: "energy on chip",
};

function lastPart(name) {
    return name.slice(name.lastIndexOf("/") + 1);
}

function titleOf(name) {
    if (metricTitles[name]) return metricTitles[name];
    if (name.startsWith("/")) {
        const last = lastPart(name);
        const alike = fieldColumns.filter((column) => lastPart(column.name) === last).length;
        return (alike === 1 && last !== "kib" ? last : name.slice(1))
            .replace(/(_gb_s|_mhz|_ns|\/kib)$/, "")
            .replaceAll(/[_/]/g, " ");
    }
    return name.replace(/_(pj|ms|mm2|bytes)$/, "").replaceAll("_", " ");
}

/// "4 bits, rows 16, columns 16"
function settingsText(row) {
    const parts = hasManyNetworks ? [valueOf("network", row)] : [];
    for (const column of fieldColumns) {
        const value = column.values[row];
        if (value === null) continue;
        parts.push(column.name === "bits" ? `${value} bits` : `${titleOf(column.name)} ${shown(column.name, value)}`);
    }
    return parts.join(", ");
}

function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
        else if (value !== undefined && value !== null && value !== false)
            made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children);
    return made;
}
