// Command gcr-clean deletes old images as gcr-cleaner does, which the module proxy does not carry: with the same calls
// of the same library. It walks repositories, and of each deletes the images without a tag, and those with a tag that the
// filter matches, but for the newest few that are to be kept: first each tag, then the digest.
//
//	GCRCLEANER_TOKEN=TOKEN gcr-clean [-recursive] [-keep N] [-tag-filter-any REGEXP] [-dry-run] REPOSITORY
//
// Without a token, the credentials are those of the docker config or Google's default ones.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/google"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// deadline bounds the whole run.
const deadline = time.Minute

// token is a keychain of one access token, whatever the registry.
type token string

func (t token) Resolve(authn.Resource) (authn.Authenticator, error) {
	return &authn.Bearer{Token: string(t)}, nil
}

type cleaner struct {
	keychain  authn.Keychain
	keep      int
	tagFilter *regexp.Regexp
	dryRun    bool
}

// image is one that a repository has.
type image struct {
	digest string
	google.ManifestInfo
}

func main() {
	recursive := flag.Bool("recursive", false, "the repositories below, too")
	keep := flag.Int("keep", 0, "how many of the newest to keep")
	filter := flag.String("tag-filter-any", "", "images with a tag that this matches go, too")
	dryRun := flag.Bool("dry-run", false, "say what would be deleted")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: gcr-clean [FLAGS] REPOSITORY")
		os.Exit(2)
	}
	clean := cleaner{keychain: keychain(), keep: *keep, dryRun: *dryRun}
	if *filter != "" {
		clean.tagFilter = regexp.MustCompile(*filter)
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if err := clean.run(ctx, flag.Arg(0), *recursive); err != nil {
		fmt.Fprintf(os.Stderr, "gcr-clean: %v\n", err)
		os.Exit(1)
	}
}

func keychain() authn.Keychain {
	if text := os.Getenv("GCRCLEANER_TOKEN"); text != "" {
		return token(text)
	}
	return authn.NewMultiKeychain(authn.DefaultKeychain, google.Keychain)
}

func (c *cleaner) run(ctx context.Context, root string, recursive bool) error {
	repository, err := name.NewRepository(root)
	if err != nil {
		return err
	}
	options := []google.Option{google.WithAuthFromKeychain(c.keychain), google.WithContext(ctx)}
	one := func(repository name.Repository, listed *google.Tags, err error) error {
		if err != nil {
			return err
		}
		return c.clean(ctx, repository, listed)
	}
	if recursive {
		return google.Walk(repository, one, options...)
	}
	listed, err := google.List(repository, options...)
	return one(repository, listed, err)
}

func (c *cleaner) clean(ctx context.Context, repository name.Repository, listed *google.Tags) error {
	var found []image
	for digest, info := range listed.Manifests {
		if c.goes(info) {
			found = append(found, image{digest, info})
		}
	}
	// The newest first, by when they came here: what is built reproducibly has no other time.
	slices.SortFunc(found, func(a, b image) int {
		if order := b.Uploaded.Compare(a.Uploaded); order != 0 {
			return order
		}
		return strings.Compare(a.digest, b.digest)
	})
	for _, old := range found[min(c.keep, len(found)):] {
		for _, tag := range old.Tags {
			if err := c.delete(ctx, repository.Tag(tag)); err != nil {
				return err
			}
		}
		if err := c.delete(ctx, repository.Digest(old.digest)); err != nil {
			return err
		}
	}
	return nil
}

func (c *cleaner) goes(info google.ManifestInfo) bool {
	return len(info.Tags) == 0 || c.tagFilter != nil && slices.ContainsFunc(info.Tags, c.tagFilter.MatchString)
}

func (c *cleaner) delete(ctx context.Context, reference name.Reference) error {
	fmt.Println(reference)
	if c.dryRun {
		return nil
	}
	return remote.Delete(reference, remote.WithAuthFromKeychain(c.keychain), remote.WithContext(ctx))
}
