// Wheel and drag zoom of a chart with two numeric axes.
function placeIn(chart, event) {
    const bounds = chart.canvas.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
}

function isInside({ chartArea: area }, { x, y }) {
    return x >= area.left && x <= area.right && y >= area.top && y <= area.bottom;
}

/// Shows what lies between two pixels of an axis.
function showBetween(chart, name, from, to) {
    const scale = chart.scales[name];
    const ends = [scale.getValueForPixel(from), scale.getValueForPixel(to)].sort((a, b) => a - b);
    if (ends[1] > ends[0]) [chart.options.scales[name].min, chart.options.scales[name].max] = ends;
}

/// The wheel is the page's, not the chart's, while the page is being scrolled past a pointer that rests.
function addWheelZoom(chart, changed) {
    let isOurs = false;
    addEventListener("scroll", () => (isOurs = false), { passive: true });
    chart.canvas.addEventListener("pointermove", (event) => {
        if (event.movementX !== 0 || event.movementY !== 0) isOurs = true;
    });
    const zoom = (event) => {
        const at = placeIn(chart, event);
        if (!isOurs || !isInside(chart, at)) return;
        event.preventDefault();
        const factor = event.deltaY < 0 ? 0.8 : 1.25;
        const { left, right, top, bottom } = chart.chartArea;
        showBetween(chart, "x", at.x - (at.x - left) * factor, at.x + (right - at.x) * factor);
        showBetween(chart, "y", at.y - (at.y - top) * factor, at.y + (bottom - at.y) * factor);
        changed();
    };
    chart.canvas.addEventListener("wheel", zoom, { passive: false });
}

function placeBox(box, a, b) {
    const [width, height] = [Math.abs(a.x - b.x), Math.abs(a.y - b.y)];
    const style = { left: Math.min(a.x, b.x), top: Math.min(a.y, b.y), width, height };
    for (const [name, pixels] of Object.entries(style)) box.style[name] = `${pixels}px`;
    box.hidden = width < 5 && height < 5;
}

/// With a mouse only: a finger that drags scrolls the page.
function addDragZoom(chart, box, changed) {
    const { canvas } = chart;
    let start = null;
    canvas.addEventListener("pointerdown", (event) => {
        if (event.pointerType !== "mouse" || event.button !== 0 || !isInside(chart, placeIn(chart, event))) return;
        start = placeIn(chart, event);
        canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
        if (start) placeBox(box, start, placeIn(chart, event));
    });
    canvas.addEventListener("pointerup", (event) => {
        if (!start) return;
        const at = placeIn(chart, event);
        if (Math.abs(at.x - start.x) > 8 && Math.abs(at.y - start.y) > 8) {
            showBetween(chart, "x", start.x, at.x);
            showBetween(chart, "y", start.y, at.y);
            changed();
        }
        start = null;
        box.hidden = true;
    });
}

/// `wholeRange` gives an axis's {min, max} without zoom; `changed` hears whether there is one. Gives what ends it.
function addZoom(chart, box, wholeRange, changed) {
    const update = (isZoomed) => {
        chart.update("none");
        changed(isZoomed);
    };
    const reset = () => {
        for (const name of ["x", "y"]) Object.assign(chart.options.scales[name], wholeRange(name));
        update(false);
    };
    addWheelZoom(chart, () => update(true));
    addDragZoom(chart, box, () => update(true));
    chart.canvas.addEventListener("dblclick", reset);
    return reset;
}
