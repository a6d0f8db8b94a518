import { readFileSync } from "node:fs";
import { join } from "node:path";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { beforeAll, describe, expect, onTestFinished, vi } from "vitest";
import { type Ended, runProgram } from "./command.js";
import { eventually } from "./eventually.js";
import { readArchive } from "./image-archive.js";
import { Container, USER } from "./image-container.js";
import { DEBIAN_PACKAGES, expectedEntries, PLATFORMS } from "./image-contents.js";
import {
	buildBinary,
	buildImage,
	containersWork,
	itWithContainers,
	output,
	podman,
	podmanProgram,
} from "./image-stage.js";
import { workspace } from "./lambda-layer-stage.js";
import { inheritedNpm } from "./other-node.js";
import { followPage } from "./page-session.js";
import { snippetsFor } from "./snippets.js";
import { temporaryFolder } from "./temporary-folder.js";

vi.setConfig({ testTimeout: 120_000 });

const SECRETS = { DB_PASSWORD: "the-password-of-the-database", API_KEY: "the-key-of-the-interface" };
const HEALTHCHECK = ["CMD", "/clef-agent", "health"];

const archive = join(output, "clef-agent-linux-x64.tar");
const buildArguments = ["--only", "linux-x64", "--binaries", output];
const { version } = JSON.parse(readFileSync(join(workspace, "apps/agent/package.json"), "utf8"));
const image = `localhost/clef-agent:${version}`;
let built: Ended;

beforeAll(async () => {
	if (!containersWork) return;
	await buildBinary("linux-x64", output);
	built = await buildImage([...buildArguments, "--output", output, "--revision", "0123abcd"]);
	expect(await podman("load", "--input", archive)).toMatchObject({ status: 0 });
}, 300_000);

describe("the image", () => {
	itWithContainers(
		"holds the command, the libraries and certificates it needs, and nothing else",
		async () => {
			const { configuration, entries } = await readArchive(archive);
			expect(configuration).toMatchObject({
				architecture: "amd64",
				os: "linux",
				created: "1970-01-01T00:00:00Z",
			});
			expect(entries).toEqual(expectedEntries(PLATFORMS.x64));
		},
	);

	itWithContainers("says what it is and how it runs", async () => {
		const { configuration } = await readArchive(archive);
		expect(configuration.config).toEqual({
			User: `${USER}:${USER}`,
			Env: [expect.stringMatching(/^PATH=/)],
			Entrypoint: ["/clef-agent"],
			WorkingDir: "/",
			StopSignal: "SIGTERM",
			Healthcheck: { Test: HEALTHCHECK, Interval: 10e9, Timeout: 3e9, StartPeriod: 10e9, Retries: 3 },
			Labels: {
				"org.opencontainers.image.title": "clef-agent",
				"org.opencontainers.image.description": "The sidecar that hands applications their secrets",
				"org.opencontainers.image.version": version,
				"org.opencontainers.image.revision": "0123abcd",
				"org.opencontainers.image.licenses": "MIT",
				"org.opencontainers.image.vendor": "clef-sh",
				"org.opencontainers.image.source": "https://github.com/clef-sh/clef-agent",
				"org.opencontainers.image.documentation":
					"https://github.com/clef-sh/clef-agent/blob/main/docs/install/image.md",
			},
		});
	});

	itWithContainers("comes with its digest, the Debian packages in it, and its size", async () => {
		const { digest } = await readArchive(archive);
		expect(readFileSync(join(output, "clef-agent-linux-x64.digest"), "utf8")).toBe(`${digest}\n`);
		const line = /^clef-agent-linux-x64\.tar +[\d.]+ MB [\d.]+ MB compressed (sha256:[0-9a-f]{64})\n$/;
		expect(line.exec(built.stdout)?.[1]).toBe(digest);
		const packages = readFileSync(join(output, "clef-agent-linux-x64.debian-packages"), "utf8");
		const names = packages
			.trimEnd()
			.split("\n")
			.map((text) => /^(\S+) \S+ (?:amd64|all)$/.exec(text)?.[1]);
		expect(names).toEqual(DEBIAN_PACKAGES);
	});

	itWithContainers("is the same bytes for another user in another zone", async () => {
		const again = temporaryFolder();
		const script = join(workspace, "scripts", "build-image.js");
		const command = [
			process.execPath,
			script,
			...buildArguments,
			"--output",
			again,
			"--revision",
			"0123abcd",
		];
		const strict = ["-c", 'umask 077; exec "$@"', "sh", ...command];
		expect(await runProgram("sh", strict, { env: { ...inheritedNpm(), TZ: "Asia/Tokyo" } })).toEqual(built);
		const copy = readFileSync(join(again, "clef-agent-linux-x64.tar"));
		expect(Buffer.compare(copy, readFileSync(archive))).toBe(0);
	});

	itWithContainers("has every library that the command needs, and no other", async () => {
		const { loader, triplet } = PLATFORMS.x64;
		const args = ["--rm", "--network", "none", "--entrypoint", `/${loader}`, image, "--list", "/clef-agent"];
		const { status, stdout } = await podman("run", ...args);
		const used = [...stdout.matchAll(/=> (\S+)/g)].map(([, path]) => path?.slice(1));
		const present = [...expectedEntries(PLATFORMS.x64)]
			.filter(([path]) => path.includes(triplet) && /\.so\.\d+$/.test(path))
			.map(([path]) => path);
		expect({ status, used: used.sort() }).toEqual({
			status: 0,
			used: present.filter((path) => !path.includes("/ld-linux")).sort(),
		});
	});
});

describe("a container of it", () => {
	itWithContainers("serves with nothing to write to, no capability, no network and 64 MB", async () => {
		const container = await Container.ready(image, SECRETS, { memory: "64m" });
		const paths = Array<string>(500).fill("/v1/secrets");
		const answers = await container.getAll(...paths);
		expect(new Set(answers?.map((answer) => JSON.stringify(answer)))).toEqual(
			new Set([JSON.stringify({ status: 200, body: SECRETS })]),
		);
		// The check is a second process within the same limit.
		const [more, healthy] = await Promise.all([container.getAll(...paths), container.exec("health")]);
		expect(more?.every(({ status }) => status === 200)).toBe(true);
		expect(healthy).toMatchObject({ status: 0 });
		expect(await container.state()).toMatchObject({ Status: "running", OOMKilled: false });
	});

	itWithContainers("is process 1 of an unprivileged user on a root that nobody can write to", async () => {
		const container = await Container.ready(image, SECRETS);
		const status = container.proc("status");
		expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
		expect(status).toMatch(new RegExp(`^Uid:(\t${USER}){4}$`, "m"));
		expect(status).toMatch(new RegExp(`^Gid:(\t${USER}){4}$`, "m"));
		expect(status).toMatch(/^CapEff:\t0+$/m);
		expect(status).toMatch(/^CapBnd:\t0+$/m);
		expect(status).toMatch(/^NoNewPrivs:\t1$/m);
		expect(container.proc("mountinfo")).toMatch(/^\S+ \S+ \S+ \S+ \/ ro,/m);
	});

	itWithContainers("answers its health check: ready, then revoked", async () => {
		const container = await Container.ready(image, SECRETS);
		expect(await container.exec("health")).toMatchObject({ status: 0 });
		await container.rotate({ text: JSON.stringify({ revokedAt: new Date().toISOString() }) });
		await eventually("revoked", async () => (await container.get("/v1/ready"))?.status === 503);
		const refused = await container.exec("health");
		expect(refused.status).toBe(1);
		expect(refused.stderr).toContain("not ready: revoked");
		expect(await container.exec("health", "--live")).toMatchObject({ status: 0 });
	});

	itWithContainers("is found healthy by podman with the image's own check", async () => {
		const check = ["--health-cmd", JSON.stringify(HEALTHCHECK.slice(1))];
		const container = await Container.ready(image, SECRETS, { options: check });
		expect(await podman("healthcheck", "run", container.id)).toMatchObject({ status: 0 });
		await container.rotate({ text: JSON.stringify({ revokedAt: new Date().toISOString() }) });
		await eventually("revoked", async () => (await container.get("/v1/ready"))?.status === 503);
		expect(await podman("healthcheck", "run", container.id)).toMatchObject({ status: 1 });
	});

	itWithContainers("serves what is renamed into the mounted folder", async () => {
		const container = await Container.ready(image, SECRETS);
		await container.rotate({ secrets: { DB_PASSWORD: "the-next-password" } });
		await eventually("the next secrets", async () => {
			const answer = await container.get("/v1/secrets/DB_PASSWORD");
			return JSON.stringify(answer?.body).includes("the-next-password");
		});
	});

	itWithContainers("is reached by a container that shares its network", async () => {
		const container = await Container.ready(image, SECRETS);
		const beside = ["run", "--rm", "--network", `container:${container.id}`, "--read-only", image, "health"];
		expect(await podman(...beside)).toMatchObject({ status: 0 });
	});

	itWithContainers("takes signals though it is process 1, and stops at once with status 0", async () => {
		const container = await Container.ready(image, SECRETS);
		await podman("kill", "--signal", "HUP", container.id);
		expect((await container.get("/v1/ready"))?.status).toBe(200);
		const started = performance.now();
		expect(await podman("stop", "--time", "8", container.id)).toMatchObject({ status: 0 });
		// After eight seconds podman would have killed it, and the status would be 137.
		expect(performance.now() - started).toBeLessThan(8_000);
		expect(await container.state()).toMatchObject({ Status: "exited", ExitCode: 0 });
		expect(await container.log()).toContain('"event":"agent.stopped"');
	});

	itWithContainers("serves when it is started as the page says", async () => {
		const session = await followPage(snippetsFor("image"), {
			before: ["clef-agent keygen --signing -o sign.pem"],
			fill: {
				"-d --name secrets": "-d --network none --name page",
				"clef-agent:0.2.0": image,
				"MCow…": "$(openssl pkey -in sign.pem -pubout -outform DER | base64 -w 0)",
			},
			programs: { podman: podmanProgram(), sudo: 'exec "$@"' },
		});
		onTestFinished(async () => {
			await podman("rm", "--force", "--time", "0", "page");
		});
		const recipient = "$(grep -o 'age1[0-9a-z]*' keys/age.key)";
		const pack = `echo A=1 | clef-agent pack --identity api --environment dev --recipient ${recipient}`;
		const packed = await session.run(`${pack} --sign-key sign.pem -o data/api.age.json && chmod 644 data/*`);
		expect(packed).toMatchObject({ status: 0 });
		await eventually("health", async () => (await podman("healthcheck", "run", "page")).status === 0);
	});

	itWithContainers("shows no secret in its description or its log", async () => {
		const container = await Container.ready(image, SECRETS);
		expect((await container.get("/v1/secrets"))?.body).toEqual(SECRETS);
		const { token } = container;
		expect(token.length).toBeGreaterThan(20);
		const { stdout } = await podman("inspect", container.id);
		expect(stdout).toContain("CLEF_AGENT_AGE_KEY_FILE");
		const log = await container.log();
		expect(log).toContain('"event":"listening"');
		for (const secret of [token, vectorKeys.ageSecretKey, ...Object.values(SECRETS)])
			expect([stdout, log].filter((text) => text.includes(secret))).toEqual([]);
	});
});
