package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"shop/internal/dynamostore"
	"shop/internal/picture"
	"shop/internal/s3pictures"
)

// leastAge is the least that --older-than takes: an hour. A product is saved after its picture was uploaded.
const leastAge = 4 * picture.FormLasts

// picturesCommand is one command line of shop pictures.
type picturesCommand struct {
	streams
	target    *target
	kept      string
	olderThan time.Duration
	yes       bool
	pictures  *s3pictures.Pictures
	products  *dynamostore.ImageURLs
}

func newPictures(s streams, t *target) *cobra.Command {
	p := &picturesCommand{streams: s, target: t}
	c := &cobra.Command{
		Use:   "pictures",
		Short: "Find uploaded pictures that no product has, and remove them",
		Long: `pictures compares the uploaded pictures with the products. It shows each picture that no product has, active or
not, and each product whose picture is not there, and changes nothing.

With --yes it moves the pictures that no product has into the folder --kept, except those that were uploaded
less than --older-than ago: their products may not be saved yet. Then it reads the products again. If one has a
picture that is not there and that is in the folder, because it was saved meanwhile, or because "shop restore"
brought it back, the picture is put back. So keep the folder, and use the same one each time. An interrupted run
is finished by another.

Caches may show a removed picture for up to a year. Pictures that do not come from uploads are left alone.

It acts with your AWS credentials. They need cloudformation:DescribeStacks on the stack, dynamodb:Scan on
ProductsTable, s3:ListBucket on PagesBucket (outputs of the stack), and with --yes s3:GetObject, PutObject and
DeleteObject on its images/*.

Exit code: 0 done; 1 failed, or a product's picture is not there; 130 interrupted.`,
		Example: `  shop --stack shop-production pictures
  shop --stack shop-production pictures --kept pictures --yes`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.run(c.Context()) },
	}
	flags := c.Flags()
	flags.StringVar(&p.kept, "kept", "", "with --yes: the folder for pictures that are removed")
	flags.DurationVar(&p.olderThan, "older-than", 7*24*time.Hour, "leave pictures alone that are younger")
	flags.BoolVar(&p.yes, "yes", false, "do it; else only say what would be done")
	return c
}

func (p *picturesCommand) run(ctx context.Context) error {
	switch {
	case p.yes && p.kept == "":
		return errors.New("--yes needs --kept, a folder for the pictures that are removed")
	case p.olderThan < leastAge:
		return fmt.Errorf("--older-than %s: at least %s", p.olderThan, leastAge)
	}
	d, table, err := p.target.findTable(ctx, "ProductsTable")
	if err != nil {
		return err
	}
	bucket, err := d.output("PagesBucket")
	if err != nil {
		return err
	}
	p.pictures = &s3pictures.Pictures{Client: s3pictures.NewClient(d.aws), Bucket: bucket}
	p.products = &dynamostore.ImageURLs{Client: dynamodb.NewFromConfig(d.aws), Products: table}
	stored, err := p.stored(ctx) // before the products: what is uploaded meanwhile is not looked at
	if err != nil {
		return err
	}
	if err := p.remove(ctx, stored); err != nil {
		return err
	}
	return p.putBack(ctx, stored)
}

func (p *picturesCommand) stored(ctx context.Context) (map[string]s3pictures.Stored, error) {
	stored := map[string]s3pictures.Stored{}
	err := p.pictures.Each(ctx, func(s s3pictures.Stored) { stored[s.Name] = s })
	return stored, err
}

// named returns a product of each picture that products have.
func (p *picturesCommand) named(ctx context.Context) (map[string]string, error) {
	named := map[string]string{}
	err := p.products.Each(ctx, func(id, url string) {
		if name := picture.NameIn(url); name != "" {
			named[name] = id
		}
	})
	if err != nil {
		return nil, fmt.Errorf("reading products: %w", err)
	}
	return named, nil
}

// remove removes the pictures that no product has, also from stored.
func (p *picturesCommand) remove(ctx context.Context, stored map[string]s3pictures.Stored) error {
	named, err := p.named(ctx)
	if err != nil {
		return err
	}
	n, removed := len(stored), 0
	var bytes int64
	for _, name := range slices.Sorted(maps.Keys(stored)) {
		s := stored[name]
		if named[name] != "" {
			continue
		}
		if time.Since(s.At) < p.olderThan {
			say(p.out, "%s no product has it; it is new, of %s", name, s.At.UTC().Format(time.DateTime))
			continue
		}
		if p.yes {
			if err := p.move(ctx, name); err != nil {
				return err
			}
			delete(stored, name)
		}
		say(p.out, "%s no product has it, of %s", name, s.At.UTC().Format(time.DateTime))
		removed, bytes = removed+1, bytes+s.Bytes
	}
	if p.yes {
		say(p.out, "%d of %d pictures removed, %d bytes; they are in %s", removed, n, bytes, p.kept)
		return nil
	}
	say(p.out, "%d of %d pictures would be removed, %d bytes; nothing was changed", removed, n, bytes)
	return nil
}

// move keeps a picture on the disk before it removes it.
func (p *picturesCommand) move(ctx context.Context, name string) error {
	content, err := p.pictures.Read(ctx, name)
	if err != nil {
		return err
	}
	if err := p.keep(name, content); err != nil {
		return fmt.Errorf("keeping picture %s: %w", name, err)
	}
	return p.pictures.Delete(ctx, name)
}

func (p *picturesCommand) keep(name string, content []byte) error {
	if err := os.MkdirAll(p.kept, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(p.kept, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Sync(), file.Close())
}

// putBack looks for products whose picture is not there, and puts it back from the folder.
func (p *picturesCommand) putBack(ctx context.Context, stored map[string]s3pictures.Stored) error {
	named, err := p.named(ctx)
	if err != nil {
		return err
	}
	missing := 0
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if _, there := stored[name]; there {
			continue
		}
		if has, err := p.pictures.Has(ctx, name); err != nil || has { // uploaded since
			if err != nil {
				return err
			}
			continue
		}
		switch back, err := p.fromFolder(ctx, name); {
		case err != nil:
			return err
		case back:
			say(p.out, "%s put back: the product %s has it", name, named[name])
		default:
			missing++
			say(p.out, "%s is not there, and the product %s has it", name, named[name])
		}
	}
	if missing > 0 {
		return fmt.Errorf("%d pictures of products are not there", missing)
	}
	return nil
}

// fromFolder puts a picture back that is in the folder, and reports whether it did.
func (p *picturesCommand) fromFolder(ctx context.Context, name string) (bool, error) {
	if !p.yes {
		return false, nil
	}
	content, err := os.ReadFile(filepath.Join(p.kept, name))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != name {
		return false, fmt.Errorf("%s in %s is not the picture of this name", name, p.kept)
	}
	mediaType, err := picture.Check(content)
	if err != nil {
		return false, fmt.Errorf("%s in %s: %w", name, p.kept, err)
	}
	return true, p.pictures.Put(ctx, name, mediaType, content)
}
