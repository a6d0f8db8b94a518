import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { configFromEnvironment, ENVIRONMENT_VARIABLES } from "@clef-sh/core/env";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { AgentProcess, TOKEN } from "./agent-process.js";
import { runProgram } from "./command.js";
import { eventually } from "./eventually.js";
import { followPage } from "./page-session.js";
import { itWith, part } from "./part.js";
import { snippetsFor } from "./snippets.js";
import { NotificationReceiver } from "./systemd-manager.js";
import { settings, systemdFile, unitEnvironment } from "./systemd-unit.js";
import { temporaryFolder } from "./temporary-folder.js";

const analyze = part("systemd-analyze");
const unit = systemdFile("clef-agent.service");
const environmentFile = systemdFile("agent.env");
/** Of 100, in tenths of what systemd calls exposure: what is left is named in docs/install/systemd.md. */
const EXPOSURE = 13;

/** A copy of the unit, changed, whose program exists on this machine. */
function unitFile(from = "", to = ""): string {
	if (!unit.includes(from)) throw new RangeError(`${from} is not in the unit.`);
	const file = join(temporaryFolder(), "clef-agent.service");
	const startable = unit.replace(/^ExecStart=.*$/m, `ExecStart=${process.execPath}`);
	writeFileSync(file, from === "" ? startable : startable.replace(from, to));
	return file;
}

/** What systemd says of a unit file. */
async function verified(file: string): Promise<string> {
	const { stdout, stderr } = await runProgram("systemd-analyze", ["verify", "--man=no", file]);
	return stdout + stderr;
}

describe("systemd", () => {
	itWith(analyze)("understands every line of the unit", async () => {
		expect(await verified(unitFile())).toBe("");
	});

	const mistakes = [
		["ProtectSystem=", "ProtectSystm=", /Unknown key/],
		["WatchdogSec=60s", "WatchdogSec=soon", /Failed to parse/],
		["@system-service", "@sytem-service", /Unknown system call group/],
		["Type=notify", "Type=notifies", /Failed to parse service type/],
		["%S/clef-agent", "%Q/clef-agent", /specifiers/],
	] as const;
	for (const [from, to, complaint] of mistakes) {
		itWith(analyze)(`would complain about ${to}`, async () => {
			expect(await verified(unitFile(from, to))).toMatch(complaint);
		});
	}

	const exposure = (file: string, threshold = EXPOSURE) =>
		runProgram("systemd-analyze", [
			"security",
			"--offline=true",
			`--threshold=${threshold}`,
			"--no-pager",
			file,
		]);

	itWith(analyze)(`counts an exposure of ${EXPOSURE / 10} of 10 at most`, async () => {
		const { status, stdout } = await exposure(unitFile());
		expect(stdout).toMatch(/Overall exposure level for clef-agent\.service: [\d.]+ OK/);
		expect(status).toBe(0);
		expect((await exposure(unitFile(), EXPOSURE - 1)).status).not.toBe(0);
	});

	for (const line of ["DynamicUser=yes", "CapabilityBoundingSet=", "RestrictNamespaces=yes"]) {
		itWith(analyze)(`counts more without ${line}`, async () => {
			expect((await exposure(unitFile(`${line}\n`, "\n"))).status).not.toBe(0);
		});
	}
});

describe("the page", () => {
	const shown = snippetsFor("unit");
	const [install, status, dropIn, asking] = shown;

	itWith(part("openssl", "version"))(
		"puts files where the unit looks for them, and asks as it says",
		async () => {
			const deploy = fileURLToPath(new URL("../deploy", import.meta.url));
			const folder = temporaryFolder();
			for (const path of ["usr/local/bin", "etc/systemd/system"])
				mkdirSync(join(folder, path), { recursive: true });
			await followPage(
				[install, asking].flatMap((snippet) => snippet ?? []),
				{
					before: [
						`cp -r "${deploy}" deploy && cp "$(command -v clef-agent)" clef-agent`,
						"clef-agent keygen -o age-key && clef-agent keygen --signing -o sign.pem 2> verify-key",
						`export CREDENTIALS_DIRECTORY="$PWD/credentials"; mkdir credentials`,
						"echo token-of-enough-characters | tee credentials/clef-agent-token > token",
						"CLEF_AGENT_SOURCE=none CLEF_AGENT_AGE_KEY_FILE=age-key CLEF_AGENT_TOKEN_FILE=token clef-agent & until curl -o answer http://127.0.0.1:$CLEF_AGENT_PORT/v1/health; do sleep 0.1; done",
					],
					fill: { "/etc/": `${folder}/etc/`, "/usr/local/bin/": `${folder}/usr/local/bin/` },
				},
			);
			const files = readdirSync(join(folder, "etc/clef-agent")).sort();
			expect(files).toEqual(["age-key", "agent.env", "token", "verify-key"]);
			expect(readdirSync(join(folder, "etc/systemd/system"))).toEqual(["clef-agent.service"]);
			expect(statSync(join(folder, "etc/clef-agent/token")).mode & 0o777).toBe(0o600);
		},
	);

	itWith(analyze)("shows a drop-in that systemd understands", async () => {
		const file = unitFile();
		mkdirSync(`${file}.d`);
		writeFileSync(join(`${file}.d`, "override.conf"), dropIn?.text ?? "");
		expect(await verified(file)).toBe("");
		writeFileSync(join(`${file}.d`, "override.conf"), dropIn?.text.replace("LoadC", "LaodC") ?? "");
		expect(await verified(file)).toMatch(/Unknown key/);
	});

	itWith(part("systemd-notify"))("shows the status that systemd is told", async () => {
		const { env, socket } = prepared();
		const manager = await NotificationReceiver.on(socket);
		const source = join(dirname(socket), "later.json");
		const given = { ...env, NOTIFY_SOCKET: socket, CLEF_AGENT_SOURCE: source };
		const agent = await AgentProcess.listening(given, { withoutToken: true, withoutAgeKey: true });
		await manager.received("STATUS=not loaded: SOURCE_NOT_FOUND");
		writeFileSync(source, vector("signed"));
		await agent.logged("artifact.refreshed");
		const template = (line: string) =>
			line.replace(/revision \S+"/, 'revision R"').replace(/[A-Z_]{9,}/, "CODE");
		const asShown = () =>
			manager.assignments.map((one) => template(one.replace(/STATUS=(.*)/, 'Status: "$1"')));
		for (const line of status?.text.trim().split("\n") ?? [])
			await eventually(`${line} in ${asShown()}`, () => asShown().includes(template(line)));
	});
});

it("lets the agent's child tell what the agent has to say, and signals the agent itself", () => {
	const given = ["Type", "NotifyAccess", "ExecReload", "Restart"].map((key) => settings(unit, key));
	expect(given).toEqual([["notify"], ["all"], ["/bin/kill -HUP $MAINPID"], ["on-failure"]]);
	expect(settings(unit, "MemoryDenyWriteExecute")).toEqual([]);
	for (const key of ["Requires", "After"]) {
		expect(settings(systemdFile("application.conf"), key)).toEqual(["clef-agent.service"]);
	}
});

describe("the environment of the unit", () => {
	const env = unitEnvironment(unit, environmentFile, { d: "/run/credentials/u", S: "/var/lib" });
	const credentials: Readonly<Record<string, string>> = {
		"/run/credentials/u/age-key": vectorKeys.ageSecretKey,
		"/run/credentials/u/verify-key": vectorKeys.ed25519PublicKey,
		"/run/credentials/u/token": TOKEN,
	};

	it("is one that the agent accepts without a doubt", () => {
		const read: string[] = [];
		const config = configFromEnvironment(env, (path) => {
			read.push(path);
			return credentials[path] ?? "";
		});
		expect(config.warnings).toEqual([]);
		expect(config).toMatchObject({ token: TOKEN, agent: { cachePath: "/var/lib/clef-agent" } });
		expect(new Set(read)).toEqual(new Set(Object.keys(credentials)));
	});

	it("reads the credentials that the unit loads, and no others", () => {
		const loaded = settings(unit, "LoadCredential").map((text) => text.split(":"));
		const paths = loaded.map(([name]) => `/run/credentials/u/${name}`);
		expect(new Set(paths)).toEqual(new Set(Object.keys(credentials)));
		const [, shared] = settings(systemdFile("application.conf"), "LoadCredential")[0]?.split(":") ?? [];
		expect(loaded).toContainEqual(["token", shared]);
	});

	it.each(["clef-agent.service", "agent.env", "application.conf"])("has names that exist: %s", (name) => {
		const known = ENVIRONMENT_VARIABLES.flatMap(({ name }) => [name, `${name}_FILE`]);
		for (const [found] of systemdFile(name).matchAll(/CLEF_AGENT_\w+/g)) expect(known).toContain(found);
	});

	it("with a name that does not exist is refused", () => {
		const wrong = { ...env, CLEF_AGENT_TOKEN_FIEL: "/run/credentials/u/token" };
		expect(() => configFromEnvironment(wrong, (path) => credentials[path] ?? "")).toThrow(
			/CLEF_AGENT_TOKEN_FIEL/,
		);
	});
});

/** As systemd's dynamic users have; undefined where the tests may not become another user, and are none of root's. */
const USER = process.getuid?.() === 0 ? 61_234 : undefined;

/** What systemd makes before it starts the unit: owned by the unit's user, and open to no one else. */
function prepared(): { env: Record<string, string>; state: string; socket: string } {
	const folder = temporaryFolder();
	const paths = ["credentials", "private", "private/clef-agent"].map((name) => join(folder, name));
	for (const path of paths) mkdirSync(path, { mode: 0o700 });
	symlinkSync("private/clef-agent", join(folder, "clef-agent"));
	const credentials = {
		"age-key": vectorKeys.ageSecretKey,
		"verify-key": vectorKeys.ed25519PublicKey,
		token: TOKEN,
	};
	const files = Object.entries(credentials).map(([name, text]) => {
		const file = join(folder, "credentials", name);
		writeFileSync(file, text, { mode: 0o400 });
		return file;
	});
	const source = join(folder, "artifact.json");
	writeFileSync(source, vector("signed"));
	if (USER !== undefined) for (const path of [folder, ...paths, ...files]) chownSync(path, USER, USER);
	chmodSync(source, 0o444);
	const { CLEF_AGENT_SOURCE: _, ...given } = unitEnvironment(unit, environmentFile, {
		d: join(folder, "credentials"),
		S: folder,
	});
	const { identity, environment } = JSON.parse(String(vector("signed")));
	const subject = { CLEF_AGENT_IDENTITY: identity, CLEF_AGENT_ENVIRONMENT: environment };
	return {
		env: { ...given, ...subject, CLEF_AGENT_SOURCE: source },
		state: join(folder, "private", "clef-agent"),
		socket: join(folder, "notify"),
	};
}

describe("the agent as the unit starts it", () => {
	const options = { user: USER, withoutToken: true, withoutAgeKey: true };

	itWith(part("systemd-notify"))("serves, keeps its state, reports and feeds the watchdog", async () => {
		const { env, state, socket } = prepared();
		const manager = await NotificationReceiver.on(socket);
		if (USER !== undefined) chownSync(socket, USER, USER);
		const given = { ...env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "1000000" };
		const agent = await AgentProcess.ready(given, options);
		await manager.received("READY=1");
		await manager.received("WATCHDOG=1", 2);
		expect(await agent.secrets()).toEqual(vectorSecrets);
		const cache = join(state, "clef-agent");
		expect(statSync(cache).mode & 0o777).toBe(0o700);
		expect(statSync(cache).uid).toBe(USER ?? process.getuid?.());
		expect(await agent.stop()).toMatchObject({ status: 0 });
		await manager.received("STOPPING=1");
		const warnings = agent.log.filter(({ level }) => level === "WARN" || level === "ERROR");
		expect(warnings).toEqual([]);
	});
});
