// Sorts a table by the column whose title is pressed. All else needs no script.
"use strict";
for (const table of document.querySelectorAll("table")) {
	const heads = table.querySelectorAll("thead th");
	heads.forEach((th, at) => {
		const button = document.createElement("button");
		button.type = "button";
		button.append(...th.childNodes);
		th.append(button);
		button.addEventListener("click", () => {
			const up = th.getAttribute("aria-sort") !== "ascending";
			const body = table.tBodies[0];
			const key = (row) => {
				const cell = row.cells[at];
				const v = cell.dataset.v ?? parseFloat(cell.textContent);
				return Number.isNaN(Number(v)) ? cell.textContent : Number(v);
			};
			const order = (a, b) => {
				const x = key(a), y = key(b);
				if (typeof x !== typeof y)
					return typeof x === "number" ? -1 : 1;
				return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1);
			};
			heads.forEach((h) => h.removeAttribute("aria-sort"));
			th.setAttribute("aria-sort", up ? "ascending" : "descending");
			body.append(...[...body.rows].sort(order));
		});
	});
}
