package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

const (
	rootTokenVariable = "MUSTER_ROOT_TOKEN"
	rootTokenFile     = "root-token"
	minRootToken      = 20
)

// rootToken answers the token that may do everything: that of the environment, or
// the one that the data directory keeps, which is made when there is none.
func rootToken(data string, logger *slog.Logger) (string, error) {
	if token := os.Getenv(rootTokenVariable); token != "" {
		if len(token) < minRootToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return "", fmt.Errorf("%s: at least %d characters of ASCII without spaces are expected, for example the output of: openssl rand -hex 32",
				rootTokenVariable, minRootToken)
		}
		return token, nil
	}
	token, err := readRootToken(data)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, err
	}
	token = "root_" + rand.Text() + rand.Text()
	path := filepath.Join(data, rootTokenFile)
	if err := writePrivate(path, token+"\n"); err != nil {
		return "", fmt.Errorf("keeping the root token: %w", err)
	}
	logger.Info("made the root token, which may do everything", slog.String("file", path))
	return token, nil
}

// readRootToken answers the token that a data directory keeps.
func readRootToken(data string) (string, error) {
	path := filepath.Join(data, rootTokenFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if len(token) < minRootToken {
		return "", fmt.Errorf("%s is damaged: delete it, and the next start makes another", path)
	}
	return token, nil
}

// writePrivate puts a file in its place, whole or not at all, that nobody else on
// this machine can read.
func writePrivate(path, text string) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
