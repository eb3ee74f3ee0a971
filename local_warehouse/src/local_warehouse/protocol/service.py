"""The Thrift service that databricks-sql-connector speaks to.

The classes of the interface ship with the connector (TCLIService). A request that fails is answered
with an error status; no exception leaves a handler but RequestRefused.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from databricks.sql.thrift_api.TCLIService import ttypes
from thrift.protocol.TProtocol import TProtocolException

from local_warehouse import statements
from local_warehouse.catalog.store import Catalog
from local_warehouse.errors import SqlError, StatementError, unsupported
from local_warehouse.protocol import keys, metadata
from local_warehouse.protocol.encoding import COLUMNS, Encoding
from local_warehouse.protocol.operations import Operation, Operations
from local_warehouse.protocol.parameter_values import to_literals
from local_warehouse.protocol.refusals import PARAMETERS, RequestRefused, too_many_parameters
from local_warehouse.protocol.sessions import IDLE_SECONDS, Sessions
from local_warehouse.session.context import Context
from local_warehouse.session.session import Session
from local_warehouse.session.warehouse import Warehouse
from local_warehouse.types.results import Result, first_rows

_log = logging.getLogger(__name__)

_WAIT = 1.0  # seconds that a request waits for a statement before it answers "running"
_ROWS = 100_000  # rows and bytes of one answer where the client sets no limit
_BYTES = 10 * 1024 * 1024
_STATEMENT = 16 * 1024 * 1024  # characters; also the limit of the Statement Execution API
_OK = ttypes.TStatus(statusCode=ttypes.TStatusCode.SUCCESS_STATUS)


def _answers(response: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn an exception of a handler into a response with an error status."""

    def decorate(handler: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(handler)
        def answer(self: ThriftService, request: Any) -> Any:
            try:
                request.validate()
                return handler(self, request)
            except TProtocolException as error:
                return response(status=_error_status(SqlError("BAD_REQUEST", str(error))))
            except StatementError as error:
                return response(status=_error_status(error))
            except RequestRefused:
                raise
            except Exception as error:  # a defect of the warehouse: say so, and keep serving
                _log.exception("request failed")
                internal = SqlError("INTERNAL_ERROR", f"{type(error).__name__}: {error}")
                return response(status=_error_status(internal))

        return answer

    return decorate


def _listing(
    response: Any, found: Callable[[Catalog, Any], Result]
) -> Callable[[ThriftService, Any], Any]:
    """A handler that starts the listing which `found` makes of the catalog and the request."""

    @_answers(response)
    def answer(self: ThriftService, request: Any) -> Any:
        return self._list(request, response, found)

    return answer


def _error_status(error: StatementError) -> ttypes.TStatus:
    return ttypes.TStatus(
        statusCode=ttypes.TStatusCode.ERROR_STATUS,
        sqlState=error.sqlstate,
        errorMessage=str(error),
        displayMessage=str(error),
    )


class ThriftService:
    """Handlers of the Thrift requests, one method each, named as in the interface.

    `default_catalog` is the catalog of a session that names none, `idle_seconds` the time after
    which an unused session ends.
    """

    def __init__(
        self, warehouse: Warehouse, default_catalog: str, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._warehouse = warehouse
        self._default_catalog = default_catalog
        self._sessions = Sessions(idle_seconds)
        self._operations = Operations(warehouse.engine, warehouse.scratch)

    # sessions

    @_answers(ttypes.TOpenSessionResp)
    def OpenSession(self, request: Any) -> Any:
        """Open a session in the namespace that is asked for, with its configuration."""
        catalog = self._warehouse.catalog
        namespace = request.initialNamespace
        session = Session((namespace and namespace.catalogName) or self._default_catalog)
        session.catalog = catalog.require_catalog(session.catalog)
        if namespace and namespace.schemaName:
            session.schema = namespace.schemaName.lower()
        for name, value in (request.configuration or {}).items():
            session.configure(name, value)
        self._end_idle()
        self._sessions.add(session)
        return ttypes.TOpenSessionResp(
            status=_OK,
            serverProtocolVersion=ttypes.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V7,
            sessionHandle=ttypes.TSessionHandle(
                sessionId=ttypes.THandleIdentifier(guid=session.id.bytes, secret=session.id.bytes)
            ),
            configuration={},
            initialNamespace=namespace,
            canUseMultipleCatalogs=True,
            getInfos=[],
        )

    @_answers(ttypes.TCloseSessionResp)
    def CloseSession(self, request: Any) -> Any:
        """Close a session and its operations."""
        guid = request.sessionHandle.sessionId.guid
        self._sessions.remove(guid)
        self._operations.close_session(guid)
        return ttypes.TCloseSessionResp(status=_OK)

    # statements

    @_answers(ttypes.TExecuteStatementResp)
    def ExecuteStatement(self, request: Any) -> Any:
        """Start a statement; the answer has its first rows if it ends within a second."""
        length = len(request.statement)
        if length > _STATEMENT:
            raise unsupported(f"a statement of {length:,} characters ({_STATEMENT:,} at the most)")
        count = len(request.parameters or ())
        if count > PARAMETERS:
            raise too_many_parameters(count)
        named, positional = to_literals(request.parameters)
        session = self._session(request)
        context = Context(self._warehouse, session, named, positional)
        _log.debug("statement of session %s: %s", session.id, request.statement)
        return self._start(
            request,
            ttypes.TExecuteStatementResp,
            lambda: first_rows(
                statements.execute(context, request.statement), request.resultRowLimit
            ),
            Encoding.of(request),
        )

    def _end_idle(self) -> None:
        for guid in self._sessions.remove_idle():
            self._operations.close_session(guid)

    def _session(self, request: Any) -> Session:
        self._end_idle()
        return self._sessions.get(request.sessionHandle.sessionId.guid)

    def _start(
        self, request: Any, response: Any, work: Callable[[], Result], encoding: Encoding
    ) -> Any:
        guid = request.sessionHandle.sessionId.guid
        seconds = self._sessions.get(guid).timeout
        operation = self._operations.start(guid, work, encoding, seconds)
        handle = ttypes.TOperationHandle(
            operationId=ttypes.THandleIdentifier(
                guid=operation.id.bytes, secret=operation.id.bytes
            ),
            operationType=ttypes.TOperationType.EXECUTE_STATEMENT,
            hasResultSet=True,
        )
        answer = response(status=_OK, operationHandle=handle)
        limits = request.getDirectResults
        if limits is None:
            return answer
        operation.wait(_WAIT)
        status = _operation_status(operation)
        answer.directResults = ttypes.TSparkDirectResults(operationStatus=status)
        if status.operationState == ttypes.TOperationState.FINISHED_STATE:
            direct = answer.directResults
            direct.resultSetMetadata = _metadata(operation)
            try:
                direct.resultSet = _fetch(operation, limits.maxRows, limits.maxBytes)
            except StatementError as error:
                direct.operationStatus = _failure_status(error)
                direct.resultSetMetadata = None
                return answer
            if not direct.resultSet.hasMoreRows:
                self._operations.close(operation.id.bytes)
                direct.closeOperation = ttypes.TCloseOperationResp(status=_OK)
        return answer

    @_answers(ttypes.TGetOperationStatusResp)
    def GetOperationStatus(self, request: Any) -> Any:
        """The state of an operation, which is waited for up to a second."""
        operation = self._operation(request)
        operation.wait(_WAIT)
        return _operation_status(operation)

    @_answers(ttypes.TGetResultSetMetadataResp)
    def GetResultSetMetadata(self, request: Any) -> Any:
        """The columns of an operation's result, for which this waits."""
        return _metadata(self._operation(request))

    @_answers(ttypes.TFetchResultsResp)
    def FetchResults(self, request: Any) -> Any:
        """The next rows of an operation's result as Arrow batches."""
        operation = self._operation(request)
        answer = _fetch(operation, request.maxRows, request.maxBytes)
        if request.includeResultSetMetadata:
            answer.resultSetMetadata = _metadata(operation)
        return answer

    @_answers(ttypes.TCancelOperationResp)
    def CancelOperation(self, request: Any) -> Any:
        """Cancel an operation; one that has ended stays as it is."""
        self._operations.cancel(request.operationHandle.operationId.guid)
        return ttypes.TCancelOperationResp(status=_OK)

    @_answers(ttypes.TCloseOperationResp)
    def CloseOperation(self, request: Any) -> Any:
        """Close an operation and give up the rows that were not read."""
        self._operations.close(request.operationHandle.operationId.guid)
        return ttypes.TCloseOperationResp(status=_OK)

    def _operation(self, request: Any) -> Operation:
        operation = self._operations.get(request.operationHandle.operationId.guid)
        self._sessions.touch(operation.session)
        return operation

    # metadata

    GetCatalogs = _listing(ttypes.TGetCatalogsResp, metadata.catalogs)
    GetSchemas = _listing(ttypes.TGetSchemasResp, metadata.schemas)
    GetTables = _listing(ttypes.TGetTablesResp, metadata.tables)
    GetTableTypes = _listing(ttypes.TGetTableTypesResp, metadata.table_types)
    GetColumns = _listing(ttypes.TGetColumnsResp, metadata.columns)
    GetTypeInfo = _listing(ttypes.TGetTypeInfoResp, metadata.type_info)
    GetFunctions = _listing(ttypes.TGetFunctionsResp, keys.functions)
    GetPrimaryKeys = _listing(ttypes.TGetPrimaryKeysResp, keys.primary_keys)
    GetCrossReference = _listing(ttypes.TGetCrossReferenceResp, keys.cross_references)

    @_answers(ttypes.TGetInfoResp)
    def GetInfo(self, request: Any) -> Any:
        """One fact of the server, by the number of its kind."""
        self._session(request)
        value = ttypes.TGetInfoValue(**metadata.information(request.infoType))
        return ttypes.TGetInfoResp(status=_OK, infoValue=value)

    def _list(self, request: Any, response: Any, found: Callable[[Catalog, Any], Result]) -> Any:
        self._session(request)
        catalog = self._warehouse.catalog
        # in columns of values, which clients without Arrow read too
        return self._start(request, response, lambda: found(catalog, request), COLUMNS)


def _failure_status(error: StatementError) -> ttypes.TGetOperationStatusResp:
    return ttypes.TGetOperationStatusResp(
        status=_OK,
        operationState=ttypes.TOperationState.ERROR_STATE,
        sqlState=error.sqlstate,
        errorMessage=str(error),
        displayMessage=str(error),
    )


def _operation_status(operation: Operation) -> ttypes.TGetOperationStatusResp:
    if operation.canceled:
        state = ttypes.TOperationState.CANCELED_STATE
        return ttypes.TGetOperationStatusResp(status=_OK, operationState=state)
    if not operation.wait(0):
        state = ttypes.TOperationState.RUNNING_STATE
        return ttypes.TGetOperationStatusResp(status=_OK, operationState=state)
    error = operation.error
    if error is not None:
        return _failure_status(error)
    return ttypes.TGetOperationStatusResp(
        status=_OK,
        operationState=ttypes.TOperationState.FINISHED_STATE,
        hasResultSet=True,
        numModifiedRows=operation.result.modified_rows,
    )


def _metadata(operation: Operation) -> ttypes.TGetResultSetMetadataResp:
    return operation.encoding.metadata(operation.result.schema)


def _fetch(operation: Operation, max_rows: int | None, max_bytes: int | None) -> Any:
    found, more = operation.fetch(min(max_rows or _ROWS, _ROWS), min(max_bytes or _BYTES, _BYTES))
    return ttypes.TFetchResultsResp(
        status=_OK,
        hasMoreRows=more,
        results=operation.encoding.rows(operation.result.schema, found),
    )
