// SPDX-License-Identifier: Apache-2.0
// What GitLab's part of tests/servers/forge.py answers, read by a client that
// others use: each call ends as on GitLab. Prints TAP.
//   node gitlab.mjs URL      with @gitbeaker/rest where NODE_PATH or npm has it
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [url, folder] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const { Gitlab } = await import(pathToFileURL(require.resolve('@gitbeaker/rest')));
const api = new Gitlab({ host: `${url}/gitlab`, token: 'write' });
const weak = new Gitlab({ host: `${url}/gitlab`, token: 'read' });
const project = 'group/sub/r';
const sha = '0123456789abcdef0123456789abcdef01234567';
let n = 0, failed = 0;

function is(what, got, wanted) {
  const ok = JSON.stringify(got) === JSON.stringify(wanted);
  n++;
  failed += !ok;
  console.log(`${ok ? 'ok' : 'not ok'} ${n} - ${what}`);
  if (!ok) console.log(`#   got ${JSON.stringify(got)}`);
}
async function status(promise) {
  try {
    await promise;
    return 0;
  } catch (e) {
    return e.cause?.response?.status ?? String(e);
  }
}

const mr = await api.MergeRequests.create(project, 'pike/mr/x/cpu', 'main', 't', {
  description: 'd', labels: 'pike', removeSourceBranch: true });
is('a request is made', [mr.iid, mr.state, mr.labels], [1, 'opened', ['pike']]);
is('and not twice', await status(api.MergeRequests.create(
  project, 'pike/mr/x/cpu', 'main', 't')), 409);
is('it is found by its branches', (await api.MergeRequests.all({
  projectId: project, state: 'opened', sourceBranch: 'pike/mr/x/cpu',
  targetBranch: 'main' })).map((r) => r.iid), [1]);
is('and by no other', await api.MergeRequests.all({
  projectId: project, state: 'opened', sourceBranch: 'other' }), []);
const edited = await api.MergeRequests.edit(project, 1, {
  title: 'new', addLabels: 'fast' });
is('it is changed', [edited.title, edited.labels], ['new', ['pike', 'fast']]);
const note = await api.MergeRequestNotes.create(project, 1, 'words');
is('a note', (await api.MergeRequestNotes.all(project, 1, {
  sort: 'asc', orderBy: 'created_at' })).map((x) => [x.body, x.system]),
  [['words', false]]);
is('is changed', (await api.MergeRequestNotes.edit(project, 1, note.id, {
  body: 'others' })).body, 'others');
const green = () => api.Commits.editStatus(project, sha, 'success', {
  name: 'pike', description: '1.5x' });
is('a status', (await green()).status, 'success');
is('and not again', await status(green()), 400);
is('a member', (await api.ProjectMembers.show(project, 2, {
  includeInherited: true })).access_level, 30);
is('one who is none', await status(api.ProjectMembers.show(project, 77, {
  includeInherited: true })), 404);
is('reading with little', (await weak.MergeRequests.show(project, 1)).iid, 1);
is('and no more', await status(weak.MergeRequests.edit(project, 1, {
  title: 'x' })), 403);
is('another commit is not merged', await status(api.MergeRequests.merge(
  project, 1, { sha: 'f'.repeat(40) })), 409);
is('nor without a pipeline later', await status(api.MergeRequests.merge(
  project, 1, { sha, mergeWhenPipelineSucceeds: true })), 405);
is('it is merged', (await api.MergeRequests.merge(project, 1, { sha })).state,
  'merged');
is('its branch goes', await status(api.Branches.remove(project, 'pike/mr/x/cpu')),
  0);
const second = await api.MergeRequests.create(project, 'a', 'main', 't');
is('one is closed', (await api.MergeRequests.edit(project, second.iid, {
  stateEvent: 'close' })).state, 'closed');
is('which is listed so', (await api.MergeRequests.all({
  projectId: project, state: 'closed' })).map((r) => r.iid), [second.iid]);
console.log(`1..${n}`);
process.exit(failed > 0 ? 1 : 0);
