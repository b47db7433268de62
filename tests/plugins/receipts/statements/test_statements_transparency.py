"""Statements in the transparency log."""

from statement_kit import CALL, STATEMENTS, run

from llmring_server.testing import eventually
from llmring_server.tlog.signers import Signer


def test_a_statement_is_in_the_transparency_log(llmring_live, signer, tmp_path):
    log = Signer.generate("log.example")
    server = llmring_live(
        ["transparency", "usage", "receipts"],
        receipts={"private_key_b64": signer.seed},
        transparency={"key": log.text(), "guard_file": tmp_path / "guard"},
    )
    client = server.client()
    client.post("/api/v1/log", json=CALL).raise_for_status()
    paths = [tmp_path / name for name in ("statement.json", "jwks.json", "proof")]
    client.post(STATEMENTS).raise_for_status()
    paths[0].write_bytes(client.get(f"{STATEMENTS}/1").content)
    paths[1].write_bytes(client.get("/receipts/public-keys.json").content)
    proof = eventually(lambda: (found := client.get(f"{STATEMENTS}/1/proof")).status_code == 200 and found)
    paths[2].write_bytes(proof.content)
    options = ["--keys", paths[1], "--proof", paths[2], "--vkey", log.verifier.vkey()]
    said = run("statement", "verify", paths[0], *options, "--json")
    assert (said.status, said.codes("proven")) == (0, ["signature", "inclusion"])
    client.post("/api/v1/log", json=CALL).raise_for_status()
    client.post(STATEMENTS).raise_for_status()
    paths[0].write_bytes(client.get(f"{STATEMENTS}/2").content)
    assert run("statement", "verify", paths[0], *options).status == 1
    assert client.get(f"{STATEMENTS}/7/proof").status_code == 404


def test_a_statement_that_waits_for_the_log_has_no_proof_yet(llmring_live, signer):
    server = llmring_live(["transparency", "usage", "receipts"], receipts={"private_key_b64": signer.seed})
    client = server.client()
    client.post("/api/v1/log", json=CALL).raise_for_status()
    client.post(STATEMENTS).raise_for_status()
    answer = client.get(f"{STATEMENTS}/1/proof")
    assert (answer.status_code, answer.headers["Retry-After"], "not in the log yet" in answer.text) == (202, "1", True)
    assert client.get(f"{STATEMENTS}/2/proof").status_code == 404
