import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { runProgram } from "./command.js";
import { temporaryFolder } from "./temporary-folder.js";

/** An https server on 127.0.0.1 whose certificate only its own authority vouches for. */
export interface TlsServer {
	readonly port: number;

	/** Path of the authority's certificate, as `NODE_EXTRA_CA_CERTS` takes it. */
	readonly authority: string;
}

/** Starts one that is called by these names (or addresses); it ends with the test. Needs openssl. */
export async function startTlsServer(
	names: readonly string[],
	listener: RequestListener,
): Promise<TlsServer> {
	const folder = temporaryFolder();
	const file = (name: string) => join(folder, name);
	const alternatives = names.map((name) => `${/^[\d.]+$/.test(name) ? "IP" : "DNS"}:${name}`).join(",");
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
	await openssl(["req", "-x509", ...key, "-subj", "/CN=Private authority", "-days", "2"], {
		keyout: file("authority.key"),
		out: file("authority.pem"),
	});
	const issuer = ["-CA", file("authority.pem"), "-CAkey", file("authority.key")];
	const subject = ["-subj", "/CN=artifacts", "-addext", `subjectAltName=${alternatives}`, "-days", "2"];
	await openssl(["req", "-x509", ...key, ...issuer, ...subject, "-addext", "basicConstraints=CA:FALSE"], {
		keyout: file("server.key"),
		out: file("server.pem"),
	});
	const server = createServer(
		{ key: readFileSync(file("server.key")), cert: readFileSync(file("server.pem")) },
		listener,
	);
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	return { port: (server.address() as AddressInfo).port, authority: file("authority.pem") };
}

async function openssl(args: readonly string[], files: { keyout: string; out: string }): Promise<void> {
	const { status, stderr } = await runProgram("openssl", [
		...args,
		"-keyout",
		files.keyout,
		"-out",
		files.out,
	]);
	if (status !== 0) throw new RangeError(`openssl failed: ${stderr}`);
}
