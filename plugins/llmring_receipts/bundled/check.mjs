// Checks a receipt's signature with node's own crypto: node check.mjs receipt.json jwks.json
// The file holds the receipt as it was signed, so what was signed is its text without the signature.
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const [receiptFile, keysFile] = process.argv.slice(2);
const text = readFileSync(receiptFile, "utf8").trimEnd();
const { key_id, signature } = JSON.parse(text);
const member = `"signature":"${signature}"`;
if (text.split(member).length !== 2) throw new Error("the signature does not stand in the receipt once");
const signed = text.replace(`${member},`, "").replace(`,${member}`, "");
const { keys } = JSON.parse(readFileSync(keysFile, "utf8"));
const key = createPublicKey({ key: keys.find(({ kid }) => kid === key_id), format: "jwk" });
const good = verify(null, Buffer.from(signed), key, Buffer.from(signature.slice("ed25519:".length), "base64url"));
console.log(good ? "valid" : "not valid");
process.exitCode = good ? 0 : 1;
