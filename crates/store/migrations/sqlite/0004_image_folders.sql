-- Objects of a bucket are listed in the order of their names, IMAGE/OBJECT. That is the order of `image` only up to the slash:
-- web-2/… comes before web/….
CREATE INDEX repositories_by_folder ON repositories (bucket, (image || '/'));
