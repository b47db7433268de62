// Checks that a receipt is in a transparency log: go run check.go receipt.json proof VKEY
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What opens the entry: the line `extra` of the proof.
type opening struct {
	Project string `json:"project"`
	Salt    []byte `json:"salt"`
	Seq     uint64 `json:"seq"`
}

func main() {
	if len(os.Args) != 4 {
		fail("usage: check receipt.json proof vkey")
	}
	receipt := bytes.TrimRight(read(os.Args[1]), "\n")
	head, checkpoint, found := strings.Cut(string(read(os.Args[2])), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("no proof")
	}
	var opened opening
	must(json.Unmarshal(decode(after(lines[1], "extra ")), &opened))
	index, err := strconv.ParseInt(after(lines[2], "index "), 10, 64)
	must(err)
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		path = append(path, hash(line))
	}

	verifier, err := note.NewVerifier(os.Args[3])
	must(err)
	signed, err := note.Open([]byte(checkpoint), note.VerifierList(verifier))
	must(err)
	said := strings.Split(signed.Text, "\n")
	if len(said) < 4 || said[0] != verifier.Name() {
		fail("the checkpoint is of another log")
	}
	size, err := strconv.ParseInt(said[1], 10, 64)
	must(err)
	must(tlog.CheckRecord(path, size, hash(said[2]), index, tlog.RecordHash(entry(opened, receipt))))
	fmt.Printf("included: entry %d of %s, size %d; number %d of project %s\n", index, said[0], size, opened.Seq, opened.Project)
}

// The entry of the log: 0x01, 0x01 for a receipt, and what its salt hides.
func entry(opened opening, receipt []byte) []byte {
	var seq [8]byte
	binary.BigEndian.PutUint64(seq[:], opened.Seq)
	mac := hmac.New(sha256.New, opened.Salt)
	mac.Write([]byte("llmring-receipt-leaf/v1\x00"))
	mac.Write([]byte{byte(len(opened.Project))})
	mac.Write([]byte(opened.Project))
	mac.Write(seq[:])
	mac.Write(receipt)
	return mac.Sum([]byte{1, 1})
}

func hash(text string) (found tlog.Hash) {
	if copy(found[:], decode(text)) != tlog.HashSize {
		fail("a hash has 32 bytes")
	}
	return found
}

func decode(text string) []byte {
	found, err := base64.StdEncoding.Strict().DecodeString(text)
	must(err)
	return found
}

func after(line, word string) string {
	if !strings.HasPrefix(line, word) {
		fail("the proof lacks a line: " + word)
	}
	return strings.TrimPrefix(line, word)
}

func read(name string) []byte {
	content, err := os.ReadFile(name)
	must(err)
	return content
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "not proven: "+why)
	os.Exit(1)
}
