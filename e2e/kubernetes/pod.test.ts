import { rmSync, writeFileSync } from "node:fs";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect } from "vitest";
import { eventually } from "../eventually.js";
import { itWith } from "../part.js";
import { agentContainer, at, kustomized, type Mistake, podSpec } from "./manifests.js";
import { namespaces, Pod } from "./pod.js";
import { itWithTools, tools } from "./stage.js";

const itInPod = tools.kubectl === "" ? itWithTools : itWith(namespaces);

/** What an application does: ten lines in any language. */
const READ_SECRETS = `
import { readFileSync } from "node:fs";
const token = readFileSync("/run/clef-agent/token", "utf8");
const answer = await fetch("http://127.0.0.1:7779/v1/secrets", { headers: { authorization: "Bearer " + token } });
process.stdout.write(await answer.text());
process.exitCode = answer.ok ? 0 : 1;
`;

/** Prints a file's mode and owner, or the code of the error that a call ends with. */
const stat = (path: string) => `
import { statSync } from "node:fs";
const { mode, uid, gid } = statSync(${JSON.stringify(path)});
process.stdout.write([(mode & 0o7777).toString(8), uid, gid].join(" "));
`;
const trying = (call: string) => `
import fs from "node:fs";
try { ${call}; process.stdout.write("done"); } catch ({ code }) { process.stdout.write(code); }
`;

async function pod(overlay: string, mistake?: Mistake): Promise<Pod> {
	return Pod.start(await kustomized(tools, `overlays/${overlay}`, mistake), {
		age_key: vectorKeys.ageSecretKey,
		token: "a-token-of-ones-own-from-a-secret",
	});
}

function put(one: Pod, name: Parameters<typeof vector>[0] = "signed"): void {
	writeFileSync(one.artifact, vector(name), { mode: 0o644 });
}

const CACHE = "/var/cache/clef-agent/clef-agent";
const TOKEN = "/run/clef-agent/token";
/** The golden vector was packed for another identity than the examples'. */
const SUBJECT = { CLEF_AGENT_IDENTITY: "api-gateway" };

describe("a pod as the manifests ask for it", () => {
	itInPod("starts the application once there are secrets, and hands it the token", async () => {
		const one = await pod("age-key");
		const agent = await one.agent(SUBJECT);
		await agent.logged("listening");
		const early = await one.probe("startupProbe");
		expect(early.status).toBe(1);
		expect(early.stderr).toContain("not ready: not_loaded");
		expect(await one.probe("livenessProbe")).toEqual({ status: 0, stdout: "", stderr: "" });
		put(one);
		agent.signal("SIGHUP");
		await one.succeeds("startupProbe");
		expect((await one.probe("readinessProbe")).status).toBe(0);
		const { status, stdout, stderr } = await one.application(READ_SECRETS);
		expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
		expect(JSON.parse(stdout)).toEqual(vectorSecrets);
	});

	itInPod("lets only the pod's user read the token, and nobody but the agent write it", async () => {
		const { one } = await ready("age-key");
		const read = (entry = {}) => one.application(trying(`fs.readFileSync("${TOKEN}")`), entry);
		expect((await one.application(stat(TOKEN))).stdout).toBe("600 65532 65532");
		expect((await read()).stdout).toBe("done");
		expect((await read({ uid: 1000 })).stdout).toBe("EACCES");
		for (const call of [`fs.writeFileSync("${TOKEN}", "x")`, `fs.rmSync("${TOKEN}")`])
			expect((await one.application(trying(call))).stdout).toBe("EROFS");
	});

	itInPod("lets an application of another user read a token that a Secret gives to both", async () => {
		const { one } = await ready("token-secret");
		expect((await one.application(stat(TOKEN))).stdout).toBe("440 0 65532");
		expect((await one.application("process.stdout.write(String(process.getuid()))")).stdout).toBe("1000");
		expect(JSON.parse((await one.application(READ_SECRETS)).stdout)).toEqual(vectorSecrets);
	});

	itInPod("keeps the age key and the cache from the application", async () => {
		const { one } = await ready("disk-cache");
		for (const path of ["/run/secrets/clef-agent/age.key", CACHE])
			expect((await one.application(trying(`fs.statSync("${path}")`))).stdout).toBe("ENOENT");
	});

	itInPod("has a root that nothing can be written to", async () => {
		const { one } = await ready("age-key");
		expect((await one.application(trying('fs.writeFileSync("/tmp/x", "")'))).stdout).toBe("EROFS");
	});

	itInPod("needs the pod's group for the age key", async () => {
		const one = await pod("age-key", { file: "sidecar/sidecar.yaml", from: "fsGroup: 65532", to: "" });
		const agent = await one.agent(SUBJECT);
		expect((await agent.ended()).status).toBe(1);
		expect(agent.stderr).toMatch(/CLEF_AGENT_AGE_KEY_FILE/);
	});

	itInPod("goes on with the same token when the agent is restarted", async () => {
		const { one, agent } = await ready("age-key");
		const token = await one.application(`${trying("")};process.stdout.write(fs.readFileSync("${TOKEN}"))`);
		await agent.stop("SIGKILL");
		expect((await one.probe("livenessProbe")).stderr).toContain("nothing listens there");
		await one.agent(SUBJECT);
		await one.succeeds("startupProbe");
		expect(await one.application(`${trying("")};process.stdout.write(fs.readFileSync("${TOKEN}"))`)).toEqual(
			token,
		);
		expect((await one.application(READ_SECRETS)).status).toBe(0);
	});

	itInPod("serves from the disk when the agent is restarted while the source is down", async () => {
		const { one, agent } = await ready("disk-cache");
		expect(agent.stderr).not.toContain("disk.failed");
		await recorded(one);
		await agent.stop("SIGKILL");
		rmSync(one.artifact);
		const second = await one.agent(SUBJECT);
		await second.logged("artifact.restored");
		await one.succeeds("startupProbe");
		expect(JSON.parse((await one.application(READ_SECRETS)).stdout)).toEqual(vectorSecrets);
	});

	itInPod("would have no cache if a mount opened its folder to the pod's group", async () => {
		const { one, agent } = await ready("disk-cache");
		await recorded(one);
		await agent.stop();
		const opened = await one.inAgent(`fs.chmodSync("${CACHE}", 0o2770)`);
		expect(opened).toEqual({ status: 0, stdout: "", stderr: "" });
		const second = await one.agent(SUBJECT);
		expect((await second.logged("disk.failed")).message).toContain("is open to other users");
	});

	itInPod("ignores what a Service called clef-agent injects, in the agent and in its probes", async () => {
		const links = { CLEF_AGENT_PORT: "tcp://10.0.0.1:80", CLEF_AGENT_SERVICE_HOST: "10.0.0.1" };
		const one = await pod("age-key");
		put(one);
		const agent = await one.agent({ ...SUBJECT, ...links });
		await agent.logged("artifact.refreshed");
		expect(await one.probe("readinessProbe", links)).toEqual({ status: 0, stdout: "", stderr: "" });
		expect(
			agent.log.some(({ level, message }) => level === "WARN" && message.includes("CLEF_AGENT_PORT")),
		).toBe(true);
	});

	itInPod("ends with success within its time, after a Job's own container", async () => {
		const { one, agent } = await ready("job");
		expect((await one.application(READ_SECRETS)).status).toBe(0);
		expect((await agent.stop("SIGTERM")).status).toBe(0);
	});

	itInPod("fits into its memory, probes and all", async () => {
		const { one, agent } = await ready("disk-cache");
		// The system's own record of a process also counts what it was before it became another program.
		const probe = `process.stdout.write(/VmHWM:\\s+(\\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"))[1])`;
		const ofProbe = Number((await one.application(probe)).stdout) * 1024;
		expect(ofProbe).toBeGreaterThan(0);
		const peak = agent.peakMemoryBytes() + 2 * ofProbe;
		const limit = at(
			agentContainer(podSpec(await kustomized(tools, "overlays/disk-cache"))),
			"resources.limits.memory",
		);
		expect(peak).toBeLessThan(Number.parseInt(String(limit), 10) * 1024 * 1024);
	});
});

async function ready(overlay: string) {
	const one = await pod(overlay);
	put(one);
	const agent = await one.agent(SUBJECT);
	await one.succeeds("startupProbe");
	return { one, agent };
}

/** Waits until the artifact is on the disk: the agent serves it before. */
function recorded(one: Pod): Promise<boolean> {
	const code = `if (!fs.readdirSync("${CACHE}").some((name) => name.endsWith(".clef"))) process.exitCode = 1`;
	return eventually("a record on the disk", async () => (await one.inAgent(code)).status === 0);
}
