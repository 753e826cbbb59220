package checksum

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"
)

// The C file is SQLite's own, byte for byte.
func TestSourceIsUnchanged(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("cksumvfs.c")
	if err != nil {
		t.Fatal(err)
	}
	const expected = "d1ed8e8ec31ab568cd5dcf257aed74e737deaf04e7cca860b70c2f701191360b"
	if sum := sha256.Sum256(source); hex.EncodeToString(sum[:]) != expected {
		t.Fatalf("cksumvfs.c has SHA-256 %x", sum)
	}
}
