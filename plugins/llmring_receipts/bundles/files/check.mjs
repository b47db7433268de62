// Checks a receipt's signature with node's own crypto: node check.mjs receipt.json jwks.json
// No signature counts of a key that is compromised or not in the set, nor one dated after its key was retired.
// The file holds the receipt as it was signed, so what was signed is its text without the signature.
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const [receiptFile, keysFile] = process.argv.slice(2);
const text = readFileSync(receiptFile, "utf8").trimEnd();
const { key_id, signature, timestamp } = JSON.parse(text);
const member = `"signature":"${signature}"`;
if (text.split(member).length !== 2) throw new Error("The signature must be in the receipt exactly once");
const signed = text.replace(`${member},`, "").replace(`,${member}`, "");
const { keys, compromised = [] } = JSON.parse(readFileSync(keysFile, "utf8"));
const named = keys.find(({ kid }) => kid === key_id);
const counts =
  named !== undefined &&
  !compromised.some(({ x }) => x === named.x) &&
  (!named.retired_at || Date.parse(timestamp) < Date.parse(named.retired_at));
const good = counts && verify(
  null,
  Buffer.from(signed),
  createPublicKey({ key: named, format: "jwk" }),
  Buffer.from(signature.slice("ed25519:".length), "base64url"),
);
console.log(good ? "valid" : "not valid");
process.exitCode = good ? 0 : 1;
