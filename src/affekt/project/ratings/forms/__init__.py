"""Files of ratings, as spreadsheets and annotation tools save them: a module for each form."""
