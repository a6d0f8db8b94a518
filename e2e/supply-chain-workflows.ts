import { parse } from "yaml";

/** One step of a job, as far as it matters here. */
interface Step {
	readonly uses?: string;
	readonly run?: string;
	readonly with?: Readonly<Record<string, unknown>>;
}

/** One job, as far as it matters here. */
interface Job {
	readonly permissions?: unknown;
	readonly "timeout-minutes"?: number;
	readonly steps?: readonly Step[];
}

/** A workflow, as far as it matters here. */
interface Workflow {
	readonly on?: unknown;
	readonly permissions?: unknown;
	readonly jobs?: Readonly<Record<string, Job>>;
}

/** What each job may write, by the workflow's and the job's name: nothing, unless it stands here. */
export type AllowedWrites = Readonly<Record<string, readonly string[]>>;

/** Started by strangers, with the rights of the repository. */
const DANGEROUS_TRIGGERS = ["pull_request_target", "workflow_run", "issue_comment"];

const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;

/** Everything in a workflow's text by which somebody else could get at a release. */
export function workflowProblems(name: string, text: string, allowed: AllowedWrites): string[] {
	const workflow: Workflow = parse(text);
	const jobs = Object.entries(workflow.jobs ?? {});
	const { permissions } = workflow;
	const isEmpty =
		typeof permissions === "object" && permissions !== null && Object.keys(permissions).length === 0;
	return [
		...(isEmpty ? [] : ["permissions of the whole workflow must be {}"]),
		...triggers(workflow.on)
			.filter((trigger) => DANGEROUS_TRIGGERS.includes(trigger))
			.map((trigger) => `${trigger} runs with this repository's rights on a stranger's word`),
		...unnamedVersions(text),
		...foreignSecrets(text),
		...jobs.flatMap(([job, content]) =>
			jobProblems(content, allowed[`${name}/${job}`] ?? []).map((p) => `${job}: ${p}`),
		),
	];
}

/** Every action of these texts with each commit it is pinned to. */
export function pinnedCommits(texts: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
	const commits = new Map<string, Set<string>>();
	for (const [, action = "", pin = ""] of texts.flatMap((text) => [
		...text.matchAll(/uses: ([^@\s]+)@(.+)$/gm),
	]))
		commits.set(action, (commits.get(action) ?? new Set()).add(pin));
	return commits;
}

function triggers(on: unknown): string[] {
	if (typeof on === "string") return [on];
	return Array.isArray(on) ? on.map(String) : Object.keys(Object(on));
}

/** A commit says nothing to a reader, and the bot that updates it goes by the version beside it. */
function unnamedVersions(text: string): string[] {
	return text
		.split("\n")
		.filter((line) => /^\s*(?:- )?uses:/.test(line) && !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))
		.map((line) => `"${line.trim()}" is no commit with its version beside it`);
}

function foreignSecrets(text: string): string[] {
	return [...text.matchAll(/\$\{\{\s*secrets\.(\w+)/g)]
		.filter(([, name]) => name !== "GITHUB_TOKEN")
		.map(([, name]) => `${name} is a secret that lasts, and so can be stolen`);
}

function jobProblems(job: Job, allowed: readonly string[]): string[] {
	return [
		...permissionProblems(job.permissions, allowed),
		...(job["timeout-minutes"] === undefined ? ["has no timeout-minutes"] : []),
		...(job.steps ?? []).flatMap(stepProblems),
	];
}

function permissionProblems(permissions: unknown, allowed: readonly string[]): string[] {
	if (typeof permissions !== "object" || permissions === null) return ["must list its permissions"];
	const written = Object.entries(permissions).filter(([, access]) => access === "write");
	return written
		.filter(([scope]) => !allowed.includes(scope))
		.map(([scope]) => `may write ${scope}, which it does not need`);
}

function stepProblems({ uses = "", run = "", with: inputs = {} }: Step): string[] {
	const problems: string[] = [];
	if (uses !== "" && !PINNED.test(uses)) problems.push(`${uses} is not pinned to a commit`);
	if (uses.startsWith("actions/checkout@") && inputs["persist-credentials"] !== false)
		problems.push("checkout leaves its token in the folder");
	if (run.includes("${{")) problems.push("an expression in a script is code that somebody else may write");
	return problems;
}
