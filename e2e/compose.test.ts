import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { configFromEnvironment } from "@clef-sh/core/env";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { AgentProcess } from "./agent-process.js";
import { clefAgent, runProgram } from "./command.js";
import { itWith, part } from "./part.js";
import { temporaryFolder } from "./temporary-folder.js";

const compose = part("docker-compose", "version");
const FILE = fileURLToPath(new URL("../deploy/compose/compose.yaml", import.meta.url));
const text = readFileSync(FILE, "utf8");
const { secrets, services, volumes } = parse(text);
const { agent, api } = services;

/** What docker-compose says about the file with one place changed. */
async function checked(from = "", to = ""): Promise<{ status: number | null; stderr: string }> {
	if (!text.includes(from)) throw new RangeError(`${from} is not in the file.`);
	const file = join(temporaryFolder(), "compose.yaml");
	writeFileSync(file, from === "" ? text : text.replace(from, to));
	const { status, stderr } = await runProgram("docker-compose", ["-f", file, "config", "-q"]);
	return { status, stderr };
}

describe("docker-compose", () => {
	itWith(compose)("accepts the file", async () => {
		expect(await checked()).toEqual({ status: 0, stderr: "" });
	});

	const mistakes = [
		["healthcheck:", "healthchek:"],
		["service_healthy", "service_helthy"],
		["cap_drop: [ALL]", "cap_drop: ALL"],
		["- token:/run/clef-agent\n", "- tokens:/run/clef-agent\n"],
		["network_mode: service:agent", "network_mode: service:agnet"],
	] as const;
	for (const [from, to] of mistakes) {
		itWith(compose)(`would refuse ${to.trim()}`, async () => {
			const { status, stderr } = await checked(from, to);
			expect(status).not.toBe(0);
			expect(stderr).not.toBe("");
		});
	}
});

describe("the agent's container", () => {
	it("has no right that it can do without", () => {
		expect(agent).toMatchObject({
			user: "65532:65532",
			read_only: true,
			cap_drop: ["ALL"],
			security_opt: ["no-new-privileges:true"],
			ulimits: { core: 0 },
		});
		expect(agent.memswap_limit).toBe(agent.mem_limit);
		expect(agent.privileged).toBeUndefined();
	});

	it("has an environment that the agent accepts without a doubt", () => {
		const files: Readonly<Record<string, string>> = {
			"/run/secrets/age-key": vectorKeys.ageSecretKey,
			"/run/secrets/verify-key": vectorKeys.ed25519PublicKey,
		};
		const config = configFromEnvironment(agent.environment, (path) => {
			const found = files[path];
			if (found === undefined) throw Object.assign(new RangeError("no such file"), { code: "ENOENT" });
			return found;
		});
		expect(config.warnings).toEqual([]);
		expect(config.tokenFile).toBe("/run/clef-agent/token");
	});

	it("with a name that does not exist would be refused", () => {
		const misspelt = { ...agent.environment, CLEF_AGENT_TOKEN_FLIE: "/run/clef-agent/token" };
		expect(() => configFromEnvironment(misspelt, () => vectorKeys.ageSecretKey)).toThrow(/TOKEN_FLIE/);
	});

	it("gets the secrets that its environment names", () => {
		const named = Object.values<string>(agent.environment).filter((value) =>
			value.startsWith("/run/secrets/"),
		);
		expect(named.map((path) => path.replace("/run/secrets/", ""))).toEqual(agent.secrets);
		expect(Object.keys(secrets)).toEqual(agent.secrets);
	});
});

describe("the application's container", () => {
	it("shares the agent's network, waits for its secrets and reads its token as the same user", () => {
		expect(api).toMatchObject({
			user: agent.user,
			network_mode: "service:agent",
			depends_on: { agent: { condition: "service_healthy" } },
			volumes: ["token:/run/clef-agent:ro"],
		});
		expect(api.ports).toBeUndefined();
		expect(api.secrets).toBeUndefined();
	});

	it("finds the token in memory, in a folder that only this user enters", () => {
		const [user, group] = agent.user.split(":");
		expect(volumes.token.driver_opts).toMatchObject({ type: "tmpfs", device: "tmpfs" });
		expect(volumes.token.driver_opts.o.split(",")).toEqual(
			expect.arrayContaining([`uid=${user}`, `gid=${group}`, "mode=0700"]),
		);
	});
});

/** The container's own; undefined where the tests may not become another user. */
const USER = process.getuid?.() === 0 ? 65_532 : undefined;

it("started as the container starts it, the agent serves and hands its token over", async () => {
	const folder = temporaryFolder();
	const shared = join(folder, "shared");
	mkdirSync(shared, { mode: 0o700 });
	const given = { "age-key": vectorKeys.ageSecretKey, "verify-key": vectorKeys.ed25519PublicKey };
	for (const [name, content] of Object.entries(given)) {
		writeFileSync(join(folder, name), content, { mode: 0o400 });
	}
	writeFileSync(join(folder, "artifact.json"), vector("signed"));
	const { identity, environment } = JSON.parse(String(vector("signed")));
	const paths = ["age-key", "verify-key", "artifact.json", "shared", "."];
	if (USER !== undefined) for (const path of paths) chownSync(join(folder, path), USER, USER);
	chmodSync(folder, 0o500);
	const token = join(shared, "token");
	const env = {
		...agent.environment,
		CLEF_AGENT_SOURCE: join(folder, "artifact.json"),
		CLEF_AGENT_IDENTITY: identity,
		CLEF_AGENT_ENVIRONMENT: environment,
		CLEF_AGENT_AGE_KEY_FILE: join(folder, "age-key"),
		CLEF_AGENT_VERIFY_KEY_FILE: join(folder, "verify-key"),
		CLEF_AGENT_TOKEN_FILE: token,
	};
	const started = await AgentProcess.ready(env, { user: USER, withoutToken: true, withoutAgeKey: true });
	expect(statSync(token).mode & 0o777).toBe(0o600);
	const authorization = `Bearer ${readFileSync(token, "utf8")}`;
	expect((await started.get("/v1/secrets", { authorization })).json()).toEqual(vectorSecrets);
	const [, ...probe] = agent.healthcheck.test;
	expect(probe[0]).toBe("/clef-agent");
	const health = await clefAgent(probe.slice(1), { env: { CLEF_AGENT_PORT: String(started.port) } });
	expect(health).toEqual({ status: 0, stdout: "", stderr: "" });
	expect(started.log.filter(({ level }) => level === "WARN" || level === "ERROR")).toEqual([]);
});
