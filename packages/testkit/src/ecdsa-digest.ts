import { createECDH, type KeyObject } from "node:crypto";

/** The order of P-256's group. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * Signs a SHA-256 digest with ECDSA P-256, DER-encoded.
 *
 * Node signs messages only and would hash the digest once more, so the arithmetic is done here; it takes time
 * that depends on the key, which matters to no test key.
 */
export function signDigest(digest: Uint8Array, privateKey: KeyObject): Buffer {
	const secret = toNumber(Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url"));
	const once = createECDH("prime256v1");
	const point = once.generateKeys();
	const r = toNumber(point.subarray(1, 33)) % ORDER;
	const s = (inverse(toNumber(once.getPrivateKey())) * (toNumber(digest) + r * secret)) % ORDER;
	const body = Buffer.concat([derInteger(r), derInteger(s)]);
	return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

/** By Fermat: the order is prime. */
function inverse(value: bigint): bigint {
	let [result, square] = [1n, value % ORDER];
	for (let exponent = ORDER - 2n; exponent > 0n; exponent >>= 1n) {
		if (exponent & 1n) result = (result * square) % ORDER;
		square = (square * square) % ORDER;
	}
	return result;
}

function toNumber(bytes: Uint8Array): bigint {
	return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function derInteger(value: bigint): Buffer {
	const hex = value.toString(16);
	const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex");
	// A first bit of 1 would make the number negative.
	const signed = (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]);
	return Buffer.concat([Buffer.from([0x02, signed.length]), signed]);
}
