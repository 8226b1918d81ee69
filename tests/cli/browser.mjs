// SPDX-License-Identifier: Apache-2.0
// Looks at pages in a real browser, on a phone and a desk, light and dark.
//   node browser.mjs look FILE...    prints what is wrong, nothing if all is well
//   node browser.mjs paint FILE      prints when it is first seen, in ms
//   node browser.mjs words FILE TEXT.json    of a list of texts those that
//                                    nobody can read in the page
// Wrong is: what the console says, anything that is loaded, a dialog, an element
// that runs or loads something, a page wider than the screen, a table that does
// not sort, and what axe finds serious. NPM names the folder of packages,
// CHROMIUM the program; with SHOTS a folder gets a picture of each view.
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const at = (p) => path.join(process.env.NPM, 'node_modules', p);
const puppeteer = (await import(at(
	'puppeteer-core/lib/esm/puppeteer/puppeteer-core.js'))).default;
const axe = fs.readFileSync(at('axe-core/axe.min.js'), 'utf8');
const views = [390, 1280].flatMap((width) =>
	['light', 'dark'].map((scheme) => ({ width, scheme })));

// What a page must not do while it is open.
function listen(page, url, say) {
	page.on('console', (m) => ['error', 'warn', 'warning'].includes(m.type()) &&
		say(`console: ${m.text()}`));
	page.on('pageerror', (e) => say(`script: ${e.message}`));
	page.on('dialog', (d) => {
		say(`dialog: ${d.message()}`);
		d.dismiss();
	});
	page.on('request', (r) => r.url() === url || say(`request: ${r.url()}`));
}

// In the page: elements that could run or load what strangers wrote.
function strangers() {
	const wrong = [];
	const loads = 'img,iframe,object,embed,link,base,form,audio,video,' +
		'foreignObject,use,image,animate,set,meta[http-equiv=refresh]';

	for (const e of document.querySelectorAll(loads))
		wrong.push(`element ${e.tagName}`);
	if (document.scripts.length !== 1)
		wrong.push(`${document.scripts.length} scripts`);
	for (const e of document.querySelectorAll('*'))
		for (const a of e.attributes)
			if (/^on/i.test(a.name) || /javascript:/i.test(a.value))
				wrong.push(`${e.tagName} with ${a.name}`);
	if (window.pwned)
		wrong.push('a stranger has run');
	return wrong;
}

// In the page: a title that is pressed sorts its table.
function sorts() {
	const button = document.querySelector('thead button');

	button?.focus();
	button?.click();
	return !!button && document.activeElement === button &&
		button.closest('th').getAttribute('aria-sort') === 'ascending';
}

async function look(browser, file, view) {
	const url = pathToFileURL(path.resolve(file)).href;
	const wrong = [];
	const say = (what) => wrong.push(
		`${path.basename(file)} ${view.width} ${view.scheme}: ${what}`);
	const page = await browser.newPage();

	listen(page, url, say);
	await page.setViewport({ width: view.width, height: 900 });
	await page.emulateMediaFeatures(
		[{ name: 'prefers-color-scheme', value: view.scheme }]);
	await page.goto(url, { waitUntil: 'load' });
	for (const what of await page.evaluate(strangers))
		say(what);
	const wide = await page.evaluate(
		() => document.documentElement.scrollWidth - window.innerWidth);
	if (wide > 0)
		say(`${wide} pixels wider than the screen`);
	if (!await page.evaluate(sorts))
		say('a table does not sort');
	await page.evaluate(() => document.querySelectorAll('details')
		.forEach((d) => { d.open = true; }));
	await page.evaluate(axe);
	const found = await page.evaluate(() => window.axe.run());
	for (const v of found.violations)
		if (['serious', 'critical'].includes(v.impact))
			say(`${v.id}: ${v.help}: ${v.nodes.length} times, say ` +
				v.nodes[0].html.slice(0, 120));
	if (found.passes.length < 5)
		say(`only ${found.passes.length} rules of axe had anything to see`);
	if (process.env.SHOTS)
		await page.screenshot({ fullPage: true, path: path.join(
			process.env.SHOTS, `${path.basename(file)}-${view.width}-` +
			`${view.scheme}.png`) });
	await page.close();
	return wrong;
}

async function paint(browser, file) {
	const page = await browser.newPage();

	await page.goto(pathToFileURL(path.resolve(file)).href,
		{ waitUntil: 'load', timeout: 120000 });
	const seen = await page.evaluate(() => new Promise((done) => {
		new PerformanceObserver((l) => done(l.getEntries()[0].startTime))
			.observe({ type: 'paint', buffered: true });
	}));
	await page.close();
	return seen.toFixed(0);
}

async function words(browser, file, list) {
	const page = await browser.newPage();

	await page.goto(pathToFileURL(path.resolve(file)).href);
	const text = await page.evaluate(() => document.documentElement.textContent);
	return JSON.parse(fs.readFileSync(list, 'utf8'))
		.filter((w) => !text.includes(w)).join('\n');
}

const browser = await puppeteer.launch({
	executablePath: process.env.CHROMIUM,
	args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
});
try {
	const [how, ...files] = process.argv.slice(2);
	const out = [];

	if (how === 'look')
		for (const file of files)
			for (const view of views)
				out.push(...await look(browser, file, view));
	else if (how === 'paint')
		out.push(await paint(browser, files[0]));
	else
		out.push(await words(browser, ...files));
	console.log(out.join('\n'));
} catch (e) {
	console.log(`browser: ${e.stack}`);
} finally {
	await browser.close();
}
