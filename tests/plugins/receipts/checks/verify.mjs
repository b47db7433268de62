// Checks a receipt with node's own crypto and the npm package `canonicalize`: node verify.mjs receipt.json jwks.json
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import canonicalize from "canonicalize";

const [receiptFile, keysFile] = process.argv.slice(2);
const { signature, ...signed } = JSON.parse(readFileSync(receiptFile, "utf8"));
const { keys } = JSON.parse(readFileSync(keysFile, "utf8"));
const key = createPublicKey({ key: keys.find(({ kid }) => kid === signed.key_id), format: "jwk" });
const made = Buffer.from(signature.slice("ed25519:".length), "base64url");
console.log(verify(null, Buffer.from(canonicalize(signed)), key, made) ? "valid" : "not valid");
