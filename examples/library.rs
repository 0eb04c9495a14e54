//! A library: books, and who has them. The chaincode of `docs/shim.md`.

use cmscc::{
    chaincode::{ChaincodeError, ContractChaincode, JsonSchema, TransactionContext},
    shim::server::{self, RunError},
    stub::{Stub, keys},
};
use serde::{Deserialize, Serialize};

/// What lies on the ledger, and what callers get.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Book {
    title: String,
    /// Who has it; nobody: it is in the library.
    borrower: Option<String>,
}

/// What every function has in its hands: the transaction, and the ledger as it was before it.
type Ctx<'a> = TransactionContext<'a>;

fn key(isbn: &str) -> Result<String, ChaincodeError> {
    Ok(keys::create_composite_key("book", &[isbn])?)
}

async fn add(ctx: &mut Ctx<'_>, isbn: String, title: String) -> Result<Book, ChaincodeError> {
    let key = key(&isbn)?;
    if ctx.get_state(&key).await?.is_some() {
        let text = format!("there is a book `{isbn}` already");
        return Err(ChaincodeError::conflict("BOOK_EXISTS", text));
    }
    let book = Book {
        title,
        borrower: None,
    };
    ctx.put_json(key, &book)?;
    Ok(book)
}

async fn read(ctx: &mut Ctx<'_>, isbn: String) -> Result<Book, ChaincodeError> {
    let book = ctx.get_json(&key(&isbn)?).await?;
    let missing = || ChaincodeError::not_found("BOOK_MISSING", format!("no book `{isbn}`"));
    book.ok_or_else(missing)
}

async fn borrow(ctx: &mut Ctx<'_>, isbn: String) -> Result<Book, ChaincodeError> {
    let mut book = read(ctx, isbn.clone()).await?;
    if let Some(borrower) = &book.borrower {
        return Err(ChaincodeError::conflict(
            "BORROWED",
            format!("{borrower} has it"),
        ));
    }
    book.borrower = Some(ctx.client()?.msp_id().to_string());
    ctx.put_json(key(&isbn)?, &book)?;
    Ok(book)
}

async fn list(ctx: &mut Ctx<'_>) -> Result<Vec<Book>, ChaincodeError> {
    let found = ctx.get_range(&keys::prefix("book", &[]), 100).await?;
    let books = found.entries.iter();
    books
        .map(|entry| cmscc::chaincode::from_json(&entry.key, &entry.value))
        .collect()
}

fn contract() -> ContractChaincode {
    ContractChaincode::new("library", "1.0")
        .submit("AddBook", ["isbn", "title"], add)
        .submit("BorrowBook", ["isbn"], borrow)
        .evaluate("ReadBook", ["isbn"], read)
        .evaluate("ListBooks", [], list)
}

fn main() -> Result<(), RunError> {
    server::run(contract())
}

#[cfg(test)]
mod tests {
    use cmscc::stub::{
        Chaincode, Invocation,
        memory::{Ledger, MemoryStub, Version},
    };

    use super::*;

    async fn call(ledger: &mut Ledger, args: &[&str]) -> (i32, String) {
        let args = args.iter().map(|arg| (*arg).to_owned().into());
        let invocation = Invocation {
            args: args.collect(),
            ..Invocation::default()
        };
        let mut stub = MemoryStub::new(ledger);
        let response = contract().invoke(&invocation, &mut stub).await;
        if !response.is_success() {
            return (response.status, response.message);
        }
        ledger.commit(Version::default(), &stub.finish().unwrap());
        (
            response.status,
            String::from_utf8(response.payload.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn a_book_is_added_once() {
        let mut ledger = Ledger::new();
        let book = r#"{"borrower":null,"title":"Dune"}"#;
        let exists = "Code 409: BOOK_EXISTS: there is a book `1` already";
        assert_eq!(
            call(&mut ledger, &["AddBook", "1", "Dune"]).await,
            (200, book.to_owned())
        );
        assert_eq!(
            call(&mut ledger, &["AddBook", "1", "Emma"]).await,
            (409, exists.to_owned())
        );
        assert_eq!(
            call(&mut ledger, &["ListBooks"]).await,
            (200, format!("[{book}]"))
        );
    }
}
