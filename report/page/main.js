// The page's beginning: the answer, the chart, the table, and a first point.
for (const form of document.querySelectorAll("form"))
    form.addEventListener("submit", (event) => event.preventDefault());
showAnswers();
const first = raw.chosen ?? allRows[0] ?? null;
orderRows();
redrawScatter();
if (first !== null) select(first, "start");
else showTable();
