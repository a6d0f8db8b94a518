import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { vector, vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";
import { AgentProcess } from "./agent-process.js";
import { commandPath } from "./command.js";
import { chunksWith, loadedBy } from "./recorded-loads.js";
import { temporaryFolder } from "./temporary-folder.js";

const dist = join(commandPath, "..");

/** What an agent loads from start to stop: names of Node's modules, and paths of chunks without their hash. */
async function loadedFrom(source: string): Promise<{ builtins: string[]; chunks: string[] }> {
	const failing = source.startsWith("/nowhere");
	const own = { CLEF_AGENT_SOURCE: source, CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey };
	const urls = await loadedBy(async ({ env, nodeArgs }) => {
		const agent = await AgentProcess.listening({ ...own, ...env }, { nodeArgs });
		await agent.logged(failing ? "fetch.failed" : "artifact.refreshed");
		return agent;
	});
	const files = urls
		.filter((url) => url.startsWith("file:"))
		.map((url) => relative(dist, fileURLToPath(url)));
	return {
		builtins: urls.filter((url) => url.startsWith("node:")),
		chunks: files.map((file) => file.replace(/-[\w-]{8}\.js$/, "")).sort(),
	};
}

function sourceFile(): string {
	const path = join(temporaryFolder(), "artifact.json");
	writeFileSync(path, vector("signed"));
	return path;
}

it("starting with a file and an age key loads nothing but the command's own chunks", async () => {
	const { chunks, builtins } = await loadedFrom(sourceFile());
	expect(builtins).toContain("node:http");
	expect(chunks).toContain("clef-agent.js");
	expect(chunks).toContain("chunks/run");
	expect(chunks).toContain("chunks/age-encryption");
	for (const chunk of chunks) expect(chunk).toMatch(/^(?:clef-agent\.js|chunks\/[\w-]+)$/);
});

it("loads neither the writing side nor any other command", async () => {
	const { chunks } = await loadedFrom(sourceFile());
	expect(chunks.filter((chunk) => /pack|keygen|inspect|revoke|health|exec|stanzas/.test(chunk))).toEqual([]);
});

it("loads no OpenTelemetry and nothing of telemetry unless it is wanted", async () => {
	const { chunks } = await loadedFrom(sourceFile());
	expect(chunks.filter((chunk) => /\/telemetry|buffered|pipeline|lambda/.test(chunk))).toEqual([]);
	const lazy = chunksWith(/@opentelemetry/);
	expect(lazy.map((name) => name.replace(/-[\w-]{8}\.js$/, ""))).toEqual(["create-pipeline"]);
});

it("loads age only when there is something to decrypt", async () => {
	const { chunks } = await loadedFrom("/nowhere/artifact.json");
	expect(chunks).toContain("chunks/run");
	expect(chunks).not.toContain("chunks/age-encryption");
});

it("loads the curves of other keys only for such a key", async () => {
	const { chunks } = await loadedFrom(sourceFile());
	expect(chunks.filter((chunk) => chunk.includes("late-curves"))).toEqual([]);
	expect(readdirSync(join(dist, "chunks"))).toContain("late-curves.js");
});

it("has no cloud SDK among what it starts with", () => {
	const started = ["clef-agent.js", ...readdirSync(join(dist, "chunks")).map((name) => join("chunks", name))]
		.filter((name) => /clef-agent|\/run-|\/common-|\/listeners-|\/rolldown/.test(name))
		.map((name) => readFileSync(join(dist, name), "utf8"));
	expect(started.length).toBeGreaterThan(2);
	for (const code of started) {
		expect(code).not.toMatch(
			/@aws-sdk|@smithy|google-auth-library|@azure\/|@octokit|@gitbeaker|@opentelemetry/,
		);
	}
});

it("has no description of its API in it, which nobody asks an agent for", () => {
	expect(chunksWith(/x-other-requests/)).toEqual([]);
	const published = readFileSync(new URL("../docs/openapi.json", import.meta.url), "utf8");
	expect(published).toContain("x-other-requests");
});

/** Asked for inside a `try` by the SDKs' proxy agent, for a proxy that demands Negotiate; absent, it says so. */
const OPTIONAL = ["kerberos"];

it("needs nothing beside its own folder", () => {
	for (const name of readdirSync(join(dist, "chunks"))) {
		const code = readFileSync(join(dist, "chunks", name), "utf8");
		// An error's text recommends one, in brackets.
		const imports = code.matchAll(/(?<!\[)\b(?:require|import)\(["'`]([\w@./:-]+)["'`]\)/g);
		const foreign = [...imports]
			.map(([, id = ""]) => id)
			.filter((id) => !/^(?:\.|node:)/.test(id) && !isBuiltin(id) && !OPTIONAL.includes(id));
		expect(foreign, name).toEqual([]);
	}
});

it("comes with the licenses of what is bundled", () => {
	const licenses = readFileSync(join(dist, "THIRD-PARTY-NOTICES.txt"), "utf8");
	for (const name of ["age-encryption", "hono", "@hono/node-server", "@logtape/logtape", "valibot"]) {
		expect(licenses).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, "m"));
	}
});
