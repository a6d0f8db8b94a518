import { BlockList, isIP } from "node:net";
import { basicCredential } from "./credential.js";

/** An HTTP proxy that an environment variable names. */
export interface HttpProxy {
	/** For messages; its value may hold a password. */
	readonly variable: "HTTPS_PROXY" | "HTTP_PROXY";

	/** Without userinfo; undefined when the variable holds no http(s) URL. */
	readonly url: URL | undefined;

	/** `Proxy-Authorization`, made of the URL's userinfo. */
	readonly authorization?: string;
}

/** Says which proxy a request to this URL goes through; undefined when it goes straight there. */
export type ProxyChoice = (target: URL) => HttpProxy | undefined;

/** The environment variables that proxies are read from, and the lower-case forms of these. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, the lower-case name first; undefined when no proxy is named.
 *
 * Each proxy is for targets of its scheme only, and loopback is never proxied: from the proxy it would be another
 * machine. `NO_PROXY` lists hosts (with all below them, with or without a port), addresses and CIDR blocks,
 * separated by commas or spaces; `*` is everything.
 */
export function proxyChoice(env: Environment): ProxyChoice | undefined {
	const https = proxyIn("HTTPS_PROXY", env);
	const http = proxyIn("HTTP_PROXY", env);
	if (https === undefined && http === undefined) return undefined;
	const exceptions = (setting("NO_PROXY", env) ?? "")
		.split(/[\s,]+/)
		.filter(Boolean)
		.map(exception);
	return (target) => {
		const host = hostOf(target);
		if (isLoopback(host) || exceptions.some((covers) => covers(host, portOf(target)))) return undefined;
		return target.protocol === "https:" ? https : http;
	};
}

function proxyIn(variable: HttpProxy["variable"], env: Environment): HttpProxy | undefined {
	const text = setting(variable, env);
	if (text === undefined) return undefined;
	const address = text.includes("://") ? text : `http://${text}`;
	const url = URL.canParse(address) ? new URL(address) : undefined;
	if (url === undefined || !/^https?:$/.test(url.protocol)) return { variable, url: undefined };
	const { username, password } = url;
	const bare = new URL(url.origin);
	if (username === "" && password === "") return { variable, url: bare };
	return { variable, url: bare, authorization: basicCredential(url) };
}

function setting(name: string, env: Environment): string | undefined {
	return env[name.toLowerCase()]?.trim() || env[name]?.trim() || undefined;
}

type Exception = (host: string, port: number) => boolean;

function exception(entry: string): Exception {
	if (entry === "*") return () => true;
	const block = /^\[?([\da-f.:]+)\]?\/(\d{1,3})$/i.exec(entry);
	if (block) return blockException(block[1] ?? "", Number(block[2]));
	const withPort = /^(\[.*\]|[^:]+):(\d+)$/.exec(entry);
	const name = (withPort?.[1] ?? entry)
		.replace(/^\*?\./, "")
		.replace(/^\[|\]$/g, "")
		.toLowerCase();
	const onlyPort = withPort && Number(withPort[2]);
	return (host, port) => {
		if (onlyPort !== null && onlyPort !== port) return false;
		return host === name || host.endsWith(`.${name}`);
	};
}

function blockException(address: string, bits: number): Exception {
	const family = isIP(address);
	const longest = family === 6 ? 128 : 32;
	if (family === 0 || bits > longest) return () => false;
	const block = new BlockList();
	block.addSubnet(address, bits, family === 6 ? "ipv6" : "ipv4");
	return (host) => isIP(host) !== 0 && block.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
}

function hostOf({ hostname }: URL): string {
	return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function portOf({ protocol, port }: URL): number {
	return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

function isLoopback(host: string): boolean {
	return (
		host === "localhost" || host.endsWith(".localhost") || host === "::1" || /^127(\.\d+){3}$/.test(host)
	);
}
