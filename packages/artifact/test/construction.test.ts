import { describe, expectTypeOf, it } from "vitest";
import {
	type FlatSecrets,
	Secrets,
	type TrustFloor,
	UnverifiedArtifact,
	VerifiedArtifact,
	verifyArtifact,
} from "../src/index.js";

/** Never called: the compiler reads what must not compile, and fails where it would. */
export function mustNotCompile(
	unverified: UnverifiedArtifact,
	verified: VerifiedArtifact,
	floor: TrustFloor,
): void {
	// @ts-expect-error an unverified artifact is not a verified one
	floor.raise(unverified);
	// @ts-expect-error nor is an object that looks like one
	floor.raise({ ...verified });
	// @ts-expect-error only verifyArtifact makes a verified artifact
	new VerifiedArtifact();
	// @ts-expect-error only parseArtifact makes an unverified artifact
	new UnverifiedArtifact();
	// @ts-expect-error only parseSecrets makes secrets
	new Secrets();
	// @ts-expect-error nobody extends their way into trust
	class Forged extends VerifiedArtifact {}
	// @ts-expect-error a verified artifact stays as it was verified
	verified.header = unverified.header;
	// @ts-expect-error and so does its header
	verified.header.identity = "billing";
	// @ts-expect-error an object that looks parsed is not
	verifyArtifact({ ...unverified }, { trustedKeys: [], floor }, 0);
	// @ts-expect-error a policy says which keys it trusts, if only by an empty list
	verifyArtifact(unverified, { floor }, 0);
	void Forged;
}

describe("trust is a change of type", () => {
	it("keeps unverified and verified artifacts apart", () => {
		expectTypeOf<UnverifiedArtifact>().not.toExtend<VerifiedArtifact>();
		expectTypeOf<VerifiedArtifact>().not.toExtend<UnverifiedArtifact>();
		expectTypeOf(verifyArtifact).parameter(0).toEqualTypeOf<UnverifiedArtifact>();
		expectTypeOf(verifyArtifact).returns.toEqualTypeOf<VerifiedArtifact>();
	});

	it("keeps secrets apart from the values they reveal", () => {
		expectTypeOf<Secrets>().not.toExtend<FlatSecrets>();
		expectTypeOf<FlatSecrets>().not.toExtend<Secrets>();
	});
});
