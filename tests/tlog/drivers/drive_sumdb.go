// Reads cases, prints of each whether Go's golang.org/x/mod/sumdb packages note and tlog take it.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type Case struct {
	Kind      string            `json:"kind"`
	Note      []byte            `json:"note"`
	Vkey      string            `json:"vkey"`
	Index     int64             `json:"index"`
	Size      int64             `json:"size"`
	Old       int64             `json:"old"`
	New       int64             `json:"new"`
	Entry     []byte            `json:"entry"`
	Root      []byte            `json:"root"`
	OldRoot   []byte            `json:"old_root"`
	NewRoot   []byte            `json:"new_root"`
	Proof     [][]byte          `json:"proof"`
	Files     map[string][]byte `json:"files"`
}

func hash(from []byte) (to tlog.Hash) {
	copy(to[:], from)
	return to
}

func hashes(from [][]byte) (to []tlog.Hash) {
	for _, one := range from {
		to = append(to, hash(one))
	}
	return to
}

func checkpoint(one Case) error {
	verifier, err := note.NewVerifier(one.Vkey)
	if err != nil {
		return err
	}
	opened, err := note.Open(one.Note, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(opened.Text, verifier.Name()+"\n") {
		return fmt.Errorf("a checkpoint of another log")
	}
	return nil
}

// Tiles reads tiles of 256 hashes from files that lie under the paths of C2SP tlog-tiles.
type Tiles map[string][]byte

func (files Tiles) Height() int { return 8 }

func path(number int64) string {
	found := fmt.Sprintf("%03d", number%1000)
	for number >= 1000 {
		number /= 1000
		found = fmt.Sprintf("x%03d/%s", number%1000, found)
	}
	return found
}

func (files Tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := [][]byte{}
	for _, tile := range wanted {
		name := fmt.Sprintf("tile/%d/%s", tile.L, path(tile.N))
		if tile.W < 256 {
			name = fmt.Sprintf("%s.p/%d", name, tile.W)
		}
		content, there := files[name]
		if !there {
			return nil, fmt.Errorf("no %s", name)
		}
		found = append(found, content)
	}
	return found, nil
}

func (files Tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// tiles reads every leaf's hash through the tiles, which are authenticated by the root, and holds the entries to them.
func tiles(one Case) error {
	reader := tlog.TileHashReader(tlog.Tree{N: one.Size, Hash: hash(one.Root)}, Tiles(one.Files))
	for start := int64(0); start < one.Size; start += 256 {
		end := start + 256
		name := "tile/entries/" + path(start/256)
		if end > one.Size {
			end = one.Size
			name = fmt.Sprintf("%s.p/%d", name, end-start)
		}
		indexes := []int64{}
		for leaf := start; leaf < end; leaf++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, leaf))
		}
		known, err := reader.ReadHashes(indexes)
		if err != nil {
			return err
		}
		content := one.Files[name]
		for _, expected := range known {
			if len(content) < 2 || len(content) < 2+int(content[0])<<8+int(content[1]) {
				return fmt.Errorf("%s ends within an entry", name)
			}
			length := int(content[0])<<8 + int(content[1])
			made := tlog.RecordHash(content[2 : 2+length])
			if !bytes.Equal(made[:], expected[:]) {
				return fmt.Errorf("an entry of %s is not in the tree", name)
			}
			content = content[2+length:]
		}
	}
	return nil
}

func check(one Case) error {
	switch one.Kind {
	case "checkpoint":
		return checkpoint(one)
	case "inclusion":
		return tlog.CheckRecord(hashes(one.Proof), one.Size, hash(one.Root), one.Index, tlog.RecordHash(one.Entry))
	case "consistency":
		return tlog.CheckTree(hashes(one.Proof), one.New, hash(one.NewRoot), one.Old, hash(one.OldRoot))
	}
	return tiles(one)
}

func main() {
	cases, verdicts := []Case{}, []bool{}
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	for _, one := range cases {
		verdicts = append(verdicts, check(one) == nil)
	}
	json.NewEncoder(os.Stdout).Encode(verdicts)
}
