import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, onTestFinished } from "vitest";
import { eventually } from "./eventually.js";
import { itWith, part } from "./part.js";
import { ShellSession } from "./shell-session.js";
import { snippetsFor } from "./snippets.js";

/** A log line without what is another in every run. */
function template(line: string): string {
	return line
		.replace(/^\d{4}-\S+ /, "")
		.replaceAll(/http:\S+/g, "URL")
		.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
		.replaceAll(/revision [\w-]+/g, "revision R");
}

itWith(part("bash"))("the log lines that a page shows are those of an outage and a revocation", async () => {
	const shown = snippetsFor("log lines").flatMap(({ text }) => text.trim().split("\n"));
	expect(shown).toHaveLength(4);
	const packed = (revision: string) =>
		behaviours.ok(sealed.get(revision) ?? Buffer.from(`{"revokedAt":"${new Date().toISOString()}"}`));
	const sealed = new Map<string, Uint8Array>();
	for (const [index, revision] of ["1-a", "2-b"].entries()) {
		const packedAt = new Date(Date.now() + index * 60_000).toISOString();
		sealed.set(revision, await sealArtifact({ revision, packedAt }));
	}
	const source = await startServer(packed("1-a"));
	onTestFinished(() => source.close());
	const session = await ShellSession.start({
		env: {
			CLEF_AGENT_SOURCE: `${source.url}/api.json`,
			CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_LOG_FORMAT: "text",
		},
	});
	await session.run("clef-agent 2> log &");
	const log = () => readFileSync(join(session.folder, "log"), "utf8").split("\n").map(template);
	const says = (line: string) => eventually(`${line} in ${log().join("\n")}`, () => log().includes(line));
	await says("INFO serving revision R, 1 secret, packed TIME");
	const changes = [behaviours.status(503), packed("1-a"), packed("revoked"), packed("2-b")];
	for (const [index, behaviour] of changes.entries()) {
		source.respondWith(behaviour);
		await session.run("kill -HUP %1");
		await says(template(shown[index] ?? ""));
	}
});
