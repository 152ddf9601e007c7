// Colours of charts by the reader's theme. Okabe and Ito's, which readers without full colour vision tell apart; shapes
// differ too.
const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => darkScheme.matches && !document.documentElement.hasAttribute("data-print");
const paletteLight = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
const paletteDark = ["#56B4E9", "#E69F00", "#00C08B", "#E59CC5", "#F0E442", "#FF8A47", "#FFFFFF"];
const shapes = ["circle", "triangle", "rect", "rectRot", "crossRot", "star", "cross"];

const colourAt = (place) => (isDark() ? paletteDark : paletteLight)[place % paletteLight.length];
const shapeAt = (place) => shapes[place % shapes.length];
const themed = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const charts = new Map(); // canvas id → {chart, redraw}

/// So that a saved picture has the page's background.
const background = {
    id: "background",
    beforeDraw(chart) {
        chart.ctx.save();
        chart.ctx.fillStyle = themed("--panel");
        chart.ctx.fillRect(0, 0, chart.width, chart.height);
        chart.ctx.restore();
    },
};

function makeChart(id, configuration, redraw) {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.animation = false;
    const chart = new Chart(document.getElementById(id), { ...configuration, plugins: [background] });
    charts.set(id, { chart, redraw });
    return chart;
}

/// Round numbers between two, about `count` of them.
function niceNumbers(low, high, count) {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const numbers = [];
    for (let k = Math.ceil(low / step); k * step <= high * (1 + 1e-12); ++k)
        numbers.push(Number((k * step).toPrecision(12)));
    return numbers;
}

/// Chart.js marks the ends of an axis, round or not, and on a logarithmic one powers of ten, of which a narrow one has
/// none.
function roundTicks(scale) {
    const { min, max } = scale;
    const isLinear = scale.type === "linear";
    if (!(max > min) || !(isLinear || min > 0)) return;
    let values = [];
    if (isLinear || max / min < 12) {
        values = niceNumbers(min, max, scale.isHorizontal() ? 6 : 7);
    } else {
        const factors = max / min < 1000 ? [1, 2, 5] : [1];
        for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); ++power) {
            for (const factor of factors) values.push(factor * 10 ** power);
        }
        values = values.filter((value) => value >= min * 0.999 && value <= max * 1.001);
    }
    scale.ticks = values.map((value) => ({ value }));
}

/// From a little below the least value to a little above the greatest.
function paddedRange(values, logarithmic) {
    const low = values.reduce((a, b) => Math.min(a, b), Infinity);
    const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
    if (low > high) return {};
    const share = 0.06;
    if (logarithmic) {
        const factor = Math.max((high / low) ** share, 1.05);
        return { min: low / factor, max: high * factor };
    }
    const room = (high - low) * share || Math.abs(high) * share || 1;
    return { min: low - room, max: high + room };
}

function axis(title, logarithmic, format) {
    const colour = themed("--quiet");
    return {
        type: logarithmic ? "logarithmic" : "linear",
        title: { display: true, text: title, color: colour },
        grid: { color: themed("--line"), borderColor: colour },
        ticks: { color: colour, callback: (value) => format(value), maxRotation: 0, autoSkipPadding: 12 },
        afterBuildTicks: roundTicks,
    };
}

function redrawAll() {
    for (const { redraw } of charts.values()) redraw();
}
darkScheme.addEventListener("change", redrawAll);
addEventListener("beforeprint", () => {
    document.documentElement.setAttribute("data-print", "");
    redrawAll();
    for (const { chart } of charts.values()) chart.resize(680, chart.height);
});
addEventListener("afterprint", () => {
    document.documentElement.removeAttribute("data-print");
    redrawAll();
    for (const { chart } of charts.values()) chart.resize();
});
