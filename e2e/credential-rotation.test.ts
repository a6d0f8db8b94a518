import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sealArtifact } from "@clef-sh/testkit/artifacts";
import { type Behaviour, behaviours, startServer } from "@clef-sh/testkit/servers";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { eventually } from "./eventually.js";
import { temporaryFolder } from "./temporary-folder.js";

const FIRST = { KEY: "value-of-the-first" };
const SECOND = { KEY: "value-of-the-second" };
const agoMs = (ms: number): string => new Date(Date.now() - ms).toISOString();

/** A file that can be spoilt and repaired, in its place or by another that is moved there. */
function keyFile(text: string) {
	const path = join(temporaryFolder(), "key");
	writeFileSync(path, text);
	return {
		path,
		write: (next: string) => writeFileSync(path, next),
		swap: (next: string) => {
			writeFileSync(`${path}.next`, next);
			renameSync(`${path}.next`, path);
		},
		remove: () => rmSync(path),
		makeDirectory: () => {
			rmSync(path, { force: true });
			mkdirSync(path);
		},
		repair: (next: string) => {
			rmSync(path, { recursive: true, force: true });
			writeFileSync(path, next);
		},
	};
}

describe.each(["300", "0"])("through the built command at a TTL of %s", (ttl) => {
	it("D38 the token of the source: the old one serves until the new one works", async () => {
		const accepted = { token: "token-one" };
		const artifact = { body: await sealArtifact({ packedAt: agoMs(60_000), secrets: FIRST }) };
		const guarded: Behaviour = (request, response) => {
			const mine = request.headers.authorization === `Bearer ${accepted.token}`;
			(mine ? behaviours.ok(artifact.body) : behaviours.status(401))(request, response);
		};
		const server = await startServer(guarded);
		onTestFinished(() => server.close());
		const file = keyFile("token-one");
		const agent = await AgentProcess.ready({
			CLEF_AGENT_SOURCE: server.url,
			CLEF_AGENT_SOURCE_TOKEN_FILE: file.path,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_CACHE_TTL: ttl,
		});
		const troubles: [() => void, RegExp][] = [
			[() => file.write(""), /is empty/],
			[() => file.remove(), /cannot be read \(ENOENT\)/],
			[() => file.makeDirectory(), /cannot be read \(EISDIR\)/],
			[() => file.repair("token-wrong"), /new token is refused, and the one before it is still used/],
		];
		for (const [spoil, warning] of troubles) {
			spoil();
			agent.signal("SIGHUP");
			await agent.warned("credential.failed", warning);
			expect(await agent.secrets()).toEqual(FIRST);
		}
		accepted.token = "token-two";
		artifact.body = await sealArtifact({ revision: "r2", packedAt: agoMs(30_000), secrets: SECOND });
		file.swap("token-two\n");
		agent.signal("SIGHUP");
		await agent.serves(SECOND);
		expect(agent.stderr).not.toMatch(/token-(one|two|wrong)/);
	});

	it("D38 A10 the verify keys: never none, and a new set counts as a whole", async () => {
		const pair = generateKeyPairSync("ed25519");
		const rotated = pair.publicKey.export({ type: "spki", format: "der" }).toString("base64");
		const server = await startServer(
			behaviours.ok(await sealArtifact({ packedAt: agoMs(60_000), secrets: FIRST })),
		);
		onTestFinished(() => server.close());
		const file = keyFile(vectorKeys.ed25519PublicKey);
		const agent = await AgentProcess.ready({
			CLEF_AGENT_SOURCE: server.url,
			CLEF_AGENT_VERIFY_KEY_FILE: file.path,
			CLEF_AGENT_CACHE_TTL: ttl,
		});
		const troubles: [() => void, RegExp][] = [
			[() => file.write(""), /verify key is empty/],
			[() => file.write("not a key"), /verify key is neither/],
			[() => file.makeDirectory(), /cannot be read \(EISDIR\)/],
		];
		const unsigned = { packedAt: agoMs(10_000), revision: "evil", signingKey: false } as const;
		for (const [spoil, warning] of troubles) {
			spoil();
			server.respondWith(behaviours.ok(await sealArtifact(unsigned)));
			agent.signal("SIGHUP");
			await agent.warned("credential.failed", warning);
			expect(await agent.secrets()).toEqual(FIRST);
		}
		const signingKey = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
		const next = { revision: "r2", packedAt: agoMs(30_000), secrets: SECOND, signingKey };
		server.respondWith(behaviours.ok(await sealArtifact(next)));
		file.repair(rotated);
		agent.signal("SIGHUP");
		await agent.serves(SECOND);
	});
});

it("D38 the token of the local API: the file's present one opens, and no earlier one", async () => {
	const server = await startServer(behaviours.ok(await sealArtifact({ packedAt: agoMs(60_000) })));
	onTestFinished(() => server.close());
	const file = keyFile(TOKEN);
	const env = { CLEF_AGENT_SOURCE: server.url, CLEF_AGENT_TOKEN_FILE: file.path };
	const agent = await AgentProcess.ready(env, { withoutToken: true });
	const status = async (token: string) =>
		(await agent.get("/v1/secrets", { authorization: `Bearer ${token}` })).status;
	file.write("");
	agent.signal("SIGHUP");
	await agent.warned("token.unusable", /which is empty. The token before it stays in use/);
	expect(await status(TOKEN)).toBe(200);
	// Without a signal: it is looked at every five seconds.
	const next = "another-token-of-enough-characters";
	file.swap(next);
	await eventually("the new token to open", async () => (await status(next)) === 200);
	expect(await status(TOKEN)).toBe(401);
	expect(agent.stderr).not.toContain(next);
});
